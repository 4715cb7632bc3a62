// What failed, what became of it, and the quarantine.

function failuresSection(report) {
  const errors = report.errors;
  const recovery = recoveryNode(errors.recovery);
  const parts = [
    errors.groups.length ? [el("h3", null, "Failed attempts, by class and operator"), table(
      [{title: "Class"}, {title: "Operator"}, {title: "Attempts", num: true}, {title: "Last of partition", num: true}, {title: "What it said", text: true}, {title: "What may help", text: true}],
      errors.groups.map((group) => [group.class || NO_VALUE, group.operator, count(group.attempts), group.partition, group.message, group.advice]))] : null,
    errors.over_time && errors.over_time.classes[0].attempts.length > 1 ? el("div", {class: "charts"}, errorsChart(errors.over_time)) : null,
    errors.failed_partitions.length ? [el("h3", null, "Partitions that are not in the output"), more(errors.failed_partitions, errors.failed_total), table(
      [{title: "Partition", num: true}, {title: "Where", text: true}, {title: "Records", num: true}, {title: "Attempts", num: true}, {title: "Class"}, {title: "Last error", text: true}],
      errors.failed_partitions.map((one) => [one.partition, `${one.part} of ${one.source}`, count(one.records), one.attempts, one.class, one.error]))] : null,
    errors.unreadable.length ? [el("h3", null, "Parts of the input that cannot be read"), more(errors.unreadable, errors.unreadable_total), table(
      [{title: "Where", text: true}, {title: "Why", text: true}], errors.unreadable.map((one) => [`${one.part} of ${one.source}`, one.reason]))] : null,
    recovery,
  ].filter(Boolean);
  return parts.length ? el("div", null, parts) : null;
}

/** How many attempts failed over time, a line for each class. */
function errorsChart(errors) {
  const colours = ["red", "orange", "violet", "blue", "green"];
  const times = errors.classes[0].attempts.map((_, step) => errors.start + step * errors.step_seconds);
  return lineChart("Failed attempts over time, by class", times,
    errors.classes.map((one, at) => ({label: one.class || NO_VALUE, colour: colours[at % colours.length], values: one.attempts, format: count})),
    `in steps of ${duration(errors.step_seconds)}`);
}

function more(shown, total) {
  return shown.length < total ? el("p", {class: "soft small"}, `${count(shown.length)} of ${count(total)} are listed.`) : null;
}

function recoveryNode(recovery) {
  const said = [
    ["Partitions that recovered", recovery.rate === null ? null : `${count(recovery.partitions_recovered)} of ${count(recovery.partitions_hit)} (${percent(recovery.rate)})`],
    ["Attempts after a failure", recovery.retries || null], ["Resumed by another driver", recovery.restarts || null],
    ["Taken over from a driver that was gone", recovery.takeovers || null], ["Continued from a checkpoint", recovery.checkpoints_loaded || null],
    ["Checkpoints set aside", recovery.checkpoints_rejected || null], ["Records that killed workers", recovery.deadly_records || null],
  ].map(([name, value]) => [name, typeof value === "number" ? count(value) : value]);
  return said.some(([, value]) => value !== null) ? [el("h3", null, "Recovery"), facts(said)] : null;
}

function quarantineSection(report) {
  const quarantine = report.quarantine;
  if (!quarantine.total) return null;
  return el("div", null,
    el("p", null, `${counted(quarantine.total, "record")} ${quarantine.total === 1 ? "is" : "are"} set aside.`,
      quarantine.looked_at < quarantine.total ? el("span", {class: "soft small"}, ` The reasons are those of ${count(quarantine.looked_at)} of them.`) : null),
    table([{title: "Operator"}, {title: "Why", text: true}, {title: "Records", num: true}],
      quarantine.reasons.map((reason) => [reason.operator ?? "(reading)", reason.error, count(reason.count)])),
    quarantine.samples.length ? folded("records", `${counted(quarantine.samples.length, "record")} of them`, () => quarantine.samples.map((sample) => el("div", {class: "sample"},
      el("div", {class: "notes"}, el("span", null, `${sample.place} of ${sample.source}`), el("span", null, sample.operator ?? "(reading)"), el("span", null, bytes(sample.length))),
      el("div", null, sample.error), sample.record === null ? null : el("pre", null, sample.record)))) : null);
}
