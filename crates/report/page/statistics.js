// How the statistics of filters are distributed, with the bounds drawn in.

function statisticsSection(report, ui) {
  const statistics = report.statistics;
  if (!statistics.list.length) return statistics.left_out ? el("p", null, statistics.left_out) : null;
  const whose = statistics.judged
    ? "of all records, since nothing was dropped"
    : statistics.with_dropped
    ? "of records that reached the filters, the dropped ones included"
    : "of records that passed all filters so far; the recipe does not keep what is dropped (export_dropped), so what lies beyond the bounds is not there";
  const part = statistics.partitions < report.partitions.total ? ` in ${counted(statistics.partitions, "partition")} of ${count(report.partitions.total)}, evenly spread` : "";
  return el("div", null, el("p", {class: "soft small"}, `Values ${whose}: ${counted(statistics.rows, "record")}${part}.`),
    legend(statistics.judged
      ? [["i-kept", "this filter would keep"], ["i-dropped", "it would drop"]]
      : [["i-kept", "passed this filter"], ["i-dropped", "dropped by it"]]),
    verdictTable(report),
    el("div", {class: "charts"}, statistics.list.map((statistic) => statisticFigure(statistic, report, ui))));
}

/** What each filter of an analysis would keep, and all of them. */
function verdictTable(report) {
  const {verdicts, kept_by_all: byAll, rows} = report.statistics;
  if (!verdicts?.length) return null;
  const row = (name, kept) => [name, count(kept), percent(rows ? kept / rows : NaN)];
  return table([{title: "Filter", text: true}, {title: "Would keep", num: true}, {title: "Share", num: true}],
    [...verdicts.map(({operator, kept}) => row(report.operators[operator]?.name ?? NO_VALUE, kept)), row("all of them", byAll)]);
}

function statisticFigure(statistic, report, ui) {
  const names = statistic.operators.map((at) => report.operators[at]?.name).filter(Boolean).join(", ");
  const at = (part) => statistic.quantiles[part];
  const numbers = statistic.quantiles.length
    ? `least ${short(at(0))}, 5 % ${short(at(10))}, median ${short(at(100))}, mean ${short(statistic.mean)}, 95 % ${short(at(190))}, greatest ${short(at(200))}` : null;
  return el("div", {class: "figure"},
    el("h3", null, statistic.name, names ? el("span", {class: "soft small"}, ` – ${names}`) : null),
    statistic.bins ? histogram(statistic) : null,
    numbers ? el("p", {class: "soft small"}, numbers) : null,
    statistic.bins && statistic.quantiles[0] !== statistic.quantiles[200] ? otherBounds(statistic, report, ui) : null,
    statistic.bins && statistic.thresholds.length ? boundsTable(statistic, report) : null,
    statistic.values.length ? valueTable(statistic, report.statistics.judged) : null);
}

/** How many records reached the filters of a statistic, or passed them, whichever its values are of. */
function recordsOf(statistic, report) {
  const {with_dropped: withDropped, judged, partitions} = report.statistics;
  const filter = report.operators[statistic.operators[0]];
  // What operators after the filters drop or join has values all the same, so the export says nothing about this.
  if (partitions >= report.partitions.total || !filter) return statistic.records;
  return withDropped || judged ? filter.records_in : filter.out;
}

/** What each of the recipe's bounds would keep if it were another, and the rest as it is. */
function boundsTable(statistic, report) {
  const PARTS = [0.01, 0.05, 0.1, 0.25, 0.5];
  const {quantiles, thresholds} = statistic;
  const all = recordsOf(statistic, report);
  const own = (isLeast, none) => thresholds.find((one) => one.is_least === isLeast)?.value ?? none;
  const keeps = (least, greatest) => Math.max(0, shareBelow(quantiles, greatest, true) - shareBelow(quantiles, least, false));
  return folded(`bounds of ${statistic.name}`, "What other bounds would keep", () => thresholds.map((bound) => {
    const at = (part) => quantiles[Math.round(200 * (bound.is_least ? part : 1 - part))];
    const values = [...new Set([bound.value, ...PARTS.map(at)])].sort((a, b) => a - b);
    const row = (value) => {
      const share = bound.is_least ? keeps(value, own(false, Infinity)) : keeps(own(true, -Infinity), value);
      return [[short(value), value === bound.value ? el("span", {class: "soft"}, " (the recipe's)") : null], percent(share), `≈ ${count(Math.round(share * all))}`];
    };
    return table([{title: `${bound.parameter} of ${report.operators[bound.operator]?.name ?? NO_VALUE}`, text: true}, {title: "Kept", num: true}, {title: "Records", num: true}], values.map(row));
  }));
}

function valueTable(statistic, judged) {
  const all = statistic.values.reduce((sum, value) => sum + value.passed + value.dropped, 0);
  return table([{title: "Value", text: true}, {title: judged ? "Would keep" : "Passed", num: true}, {title: judged ? "Would drop" : "Dropped", num: true}, {title: "Share", num: true}],
    statistic.values.map((value) => [value.value, count(value.passed), count(value.dropped), percent((value.passed + value.dropped) / all)]));
}

function histogram(statistic) {
  const {edges, passed, dropped} = statistic.bins;
  const [width, height, left, bottom] = [420, 150, 6, 22];
  const [low, high] = [edges[0], edges[edges.length - 1]];
  // All bars are equally wide, whatever their edges are.
  const x = (value) => {
    let at = 0;
    while (at < passed.length - 1 && edges[at + 1] <= value) at += 1;
    const inside = Math.max(0, Math.min(1, (value - edges[at]) / (edges[at + 1] - edges[at])));
    return left + (at + inside) / passed.length * (width - 2 * left);
  };
  const most = Math.max(1, ...passed.map((number, at) => number + dropped[at]));
  const y = (number) => (number ? Math.max(1, number / most * (height - bottom - 14)) : 0);
  const bars = passed.map((number, at) => {
    const [from, to] = [x(edges[at]), x(edges[at + 1])];
    const wide = Math.max(1, to - from - 0.6);
    const [below, above] = [y(number), y(dropped[at])];
    const base = height - bottom;
    return svg("g", null, svg("title", null, `${short(edges[at])} to ${short(edges[at + 1])}: ${count(number)} passed, ${count(dropped[at])} dropped`),
      number ? svg("rect", {class: "v-passed", x: from, y: base - below, width: wide, height: below}) : null,
      dropped[at] ? svg("rect", {class: "v-dropped", x: from, y: base - below - above, width: wide, height: above}) : null);
  });
  const bounds = statistic.thresholds.map((bound, at) => {
    const place = x(bound.value);
    const isOut = bound.value < low || bound.value > high;
    const anchor = place > width / 2 ? "end" : "start";
    return [svg("line", {class: "v-bound", x1: place, x2: place, y1: 0, y2: height - bottom}),
      svg("text", {class: "v-bound-name", x: place + (anchor === "end" ? -4 : 4), y: 10 + 12 * (at % 3), "text-anchor": anchor},
        `${bound.parameter} ${short(bound.value)}${isOut ? (bound.value < low ? " ←" : " →") : ""}`)];
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = part * passed.length;
    const below = Math.min(Math.floor(at), passed.length - 1);
    const value = edges[below] + (at - below) * (edges[below + 1] - edges[below]);
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    return svg("text", {x: x(value), y: height - 7, "text-anchor": anchor}, short(value));
  });
  const label = `${statistic.name}: ${short(low)} to ${short(high)}, median ${short(statistic.quantiles[100])}`
    + statistic.thresholds.map((bound) => `, ${bound.parameter} ${short(bound.value)}`).join("");
  return svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label},
    bars, svg("line", {class: "v-axis", x1: left, x2: width - left, y1: height - bottom, y2: height - bottom}), bounds, ticks);
}

/** Which share of the values is below a value, or at it; read off the quantiles. */
function shareBelow(quantiles, value, orAt) {
  let count = 0;
  while (count < quantiles.length && (orAt ? quantiles[count] <= value : quantiles[count] < value)) count += 1;
  if (count === 0) return 0;
  if (count === quantiles.length) return 1;
  const [before, after] = [quantiles[count - 1], quantiles[count]];
  const inside = after > before ? Math.max(0, Math.min(1, (value - before) / (after - before))) : 0;
  return (count - 1 + inside) / (quantiles.length - 1);
}

/** How many records other bounds would keep. */
function otherBounds(statistic, report, ui) {
  const {quantiles} = statistic;
  const bounds = ui.bounds = ui.bounds || new Map();
  const bound = (isLeast) => statistic.thresholds.find((one) => one.is_least === isLeast)?.value;
  const place = (value, fallback) => (value === undefined ? fallback : Math.round(shareBelow(quantiles, value, false) * 200));
  const say = el("output", {class: "small"});
  const whose = report.statistics.with_dropped ? "of the records that reached it" : "of the records that passed";
  // Where a slider stands at first it means the recipe's own bound, which need not be one of the quantiles.
  const value = (slider, own) => (own !== undefined && slider.value === slider.defaultValue ? own : quantiles[Number(slider.value)]);
  const update = () => {
    bounds.set(statistic.name, {low: low.value === low.defaultValue ? null : low.value, high: high.value === high.defaultValue ? null : high.value});
    const [least, greatest] = [value(low, bound(true)), value(high, bound(false))];
    const kept = Math.max(0, shareBelow(quantiles, greatest, true) - shareBelow(quantiles, least, false));
    lowText.textContent = short(least);
    highText.textContent = short(greatest);
    say.textContent = `From ${short(least)} to ${short(greatest)}: about ${percent(kept)} ${whose}, ${count(Math.round(kept * recordsOf(statistic, report)))} of ${count(recordsOf(statistic, report))}`;
  };
  const slider = (name, at) => el("input", {type: "range", min: 0, max: 200, step: 1, value: at, "aria-label": `${name} ${statistic.name}`, oninput: () => update()});
  const low = slider("Least", place(bound(true), 0));
  const high = slider("Greatest", place(bound(false), 200));
  const chosen = bounds.get(statistic.name) || {};
  if (chosen.low) low.value = chosen.low;
  if (chosen.high) high.value = chosen.high;
  const [lowText, highText] = [el("span", {class: "mono"}), el("span", {class: "mono"})];
  update();
  return el("div", null, el("div", {class: "ask"}, el("span", null, "least"), low, lowText, el("span", null, "greatest"), high, highText), say);
}
