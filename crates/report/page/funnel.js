// The recipe as a funnel, how the dataset was mixed, and what deduplicators removed.

function funnelSection(report) {
  const rows = report.operators;
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map((row) => Math.max(row.records_in, row.out)));
  const hasTime = rows.some((row) => row.seconds !== null);
  const columns = [
    {title: "#", num: true}, {title: "Operator"}, {title: "In", num: true}, {title: "Out", num: true}, {title: "Kept", num: true},
    {title: "Dropped", num: true}, {title: "Quarantined", num: true}, {title: "Other"},
  ];
  if (hasTime) columns.push({title: "Time", num: true}, {title: "Share"}, {title: "ns/byte", num: true});
  const rejected = report.overview.rejected_samples;
  const read = rows[0].records_in;
  const reading = [NO_VALUE, el("strong", null, "(reading)"), count(read + rejected), count(read), percent(read / (read + rejected)), "0", count(rejected), NO_VALUE,
    ...(hasTime ? [NO_VALUE, NO_VALUE, NO_VALUE] : [])];
  const lines = rows.map((row) => {
    const other = [["made", row.made], ["absorbed", row.absorbed], ["moved in", row.moved_in], ["moved out", row.moved_out]]
      .filter(([, number]) => number > 0).map(([name, number]) => `${count(number)} ${name}`).join(", ");
    const cells = [
      row.index + 1,
      [el("strong", null, el("span", {class: "number"}, `${row.index + 1}. `), row.name), " ", el("span", {class: "soft small"}, [row.kind, row.is_barrier ? "whole dataset" : null].filter(Boolean).join(", ")),
        el("span", {class: "bar", title: "records out"}, el("i", {"width%": 100 * row.out / most})),
        row.parameters && row.parameters !== "{}" ? el("code", {class: "soft small"}, row.parameters) : null],
      count(row.records_in), count(row.out), row.records_in ? percent(row.out / row.records_in) : NO_VALUE,
      count(row.dropped), count(row.quarantined), other || NO_VALUE,
    ];
    if (hasTime) {
      cells.push(
        [duration(row.seconds ?? NaN), row.barrier_seconds ? el("div", {class: "soft small"}, `decided in ${duration(row.barrier_seconds)}`) : null],
        [el("span", null, percent(row.share_of_time ?? NaN)), el("span", {class: "bar"}, el("i", {class: "i-time", "width%": 100 * (row.share_of_time || 0)}))],
        row.nanos_per_byte === null ? NO_VALUE : row.nanos_per_byte.toFixed(2));
    }
    return {class: row.is_barrier ? "barrier" : null, cells};
  });
  const done = Math.min(...rows.map((row) => row.partitions));
  const note = done < report.partitions.total
    ? `The last operator is through with ${count(done)} of ${counted(report.partitions.total, "partition")}; numbers are of the results so far.` : null;
  return el("div", null, note ? el("p", {class: "soft small"}, note) : null,
    table(columns, rejected > 0 ? [reading, ...lines] : lines, {class: "funnel"}),
    el("p", {class: "soft small"}, "Time is work summed over the workers; ns/byte is for each byte of the records as they were read."));
}

function mixtureSection(report) {
  if (!report.mixture?.length) return null;
  const known = (number) => (number === null ? NO_VALUE : count(number));
  const whole = (readings) => [NO_VALUE, "once"][readings] ?? `${count(readings)} ×`;
  const path = (one, at) => (one.first_file === "" ? `path ${at + 1} (left out)`
    : [one.first_file, one.sources > 1 ? el("span", {class: "soft"}, ` and ${count(one.sources - 1)} more`) : null]);
  return table([{title: "Path", text: true}, {title: "Records", num: true}, {title: "Read whole", num: true},
    {title: "Drawn once more", num: true}, {title: "In", num: true}, {title: "Out", num: true}],
  report.mixture.map((one, at) => [path(one, at), known(one.records), whole(one.readings), one.drawn ? count(one.drawn) : NO_VALUE,
    count(one.sampled), known(one.exported)]));
}

function duplicatesSection(report) {
  const removed = report.deduplication.filter((one) => one.records > 0);
  if (!removed.length) return null;
  return el("div", null, removed.map(ofDeduplicator), report.losses.length
    ? el("ul", {class: "findings"}, report.losses.map((loss) =>
      el("li", {class: "warning"}, `${loss.field ? `${loss.field} = ` : ""}${loss.source}: ${count(loss.removed)} of ${counted(loss.records, "record")} removed`)))
    : null);
}

function ofDeduplicator(one) {
  const columns = (of) => [{title: of, text: true}, {title: "Records", num: true}, {title: "Removed", num: true}, {title: "Share", num: true}];
  const row = (source) => [source.source, count(source.records), count(source.removed), percent(source.records ? source.removed / source.records : NaN)];
  const size = (cluster) => (cluster.from === cluster.to ? count(cluster.from) : `${count(cluster.from)} to ${count(cluster.to)}`);
  const record = (place) => [place.id ? `${place.id} ` : null, el("span", {class: "soft"}, `${place.place} of ${place.source}`)];
  const most = 200;
  const list = (of, all) => (all.length ? [el("h3", null, `By ${of}`), table(columns(of.replace(/^file$/, "File")), all.slice(0, most).map(row)),
    all.length > most ? el("p", {class: "soft small"}, `… and ${count(all.length - most)} more`) : null] : null);
  return el("div", {class: "figure"},
    el("h3", null, `${one.operator} removed ${count(one.removed)} of ${counted(one.records, "record")}`),
    one.clusters.length ? table([{title: "Records in a cluster"}, {title: "Clusters", num: true}, {title: "Records", num: true}],
      one.clusters.map((cluster) => [size(cluster), count(cluster.clusters), count(cluster.records)])) : null,
    list("file", one.by_file), one.field ? list(one.field, one.by_field) : null,
    one.largest.length ? folded(`clusters of ${one.operator}`, "The largest clusters", () => one.largest.map((cluster) => el("div", {class: "sample"},
      el("strong", null, counted(cluster.records, "record")), el("div", null, "kept: ", record(cluster.kept)),
      cluster.removed.map((place) => el("div", null, "removed: ", record(place)))))) : null);
}
