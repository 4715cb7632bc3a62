// The job as a whole, and what stands out.

const STATUS = {
  completed: "good", completed_with_failures: "odd", stopped: "odd", failed: "bad", interrupted: "bad",
  running: "busy", planning: "busy",
};

function pill(status) {
  return el("span", {class: `pill ${STATUS[status] || ""}`}, status.replaceAll("_", " "));
}

function card(title, value, note) {
  return el("div", {class: "card"}, el("span", null, title), el("b", null, value), note ? el("span", null, note) : null);
}

function overviewSection(report) {
  const overview = report.overview;
  const progress = overview.progress;
  const drawn = progress.total_samples - overview.not_sampled_samples;
  const share = (part) => (drawn > 0 ? part / drawn : 0);
  const work = progress.seconds_at_work;
  const stage = progress.stages > 1 && !overview.status.startsWith("completed") ? `stage ${progress.stage + 1} of ${progress.stages}` : null;
  const extra = [
    ["made", overview.made_samples], ["put into groups", overview.absorbed_samples], ["in failed partitions", overview.samples_in_failed],
    ["not drawn", overview.not_sampled_samples],
  ].filter(([, number]) => number > 0);
  const rate = work > 0 && progress.processed_samples > 0 && report.environment.drivers_total === progress.runs
    ? `${short(progress.processed_samples / work)} records/s` : null;
  const runs = progress.runs > 1 ? `in ${progress.runs} runs` : null;
  return el("div", null,
    el("div", {class: "cards"},
      card("Records", count(progress.total_samples), progress.plan_complete ? bytes(overview.input_bytes) : "planned so far"),
      card("Kept", count(progress.exported_samples), percent(share(progress.exported_samples))),
      card("Dropped", count(progress.dropped_samples), percent(share(progress.dropped_samples))),
      card("In quarantine", count(progress.quarantined_samples), percent(share(progress.quarantined_samples))),
      extra.map(([title, number]) => card(`Records ${title}`, count(number))),
      card("Partitions", `${count(progress.completed_partitions)} / ${count(progress.total_partitions)}`,
        [stage, progress.failed_partitions ? `${count(progress.failed_partitions)} failed` : null].filter(Boolean).join(", ") || "completed"),
      work === null ? null : card("Time at work", duration(work), [runs, rate].filter(Boolean).join(", ")),
      progress.estimated_remaining_seconds === null ? null
        : card("Left", `≈ ${duration(progress.estimated_remaining_seconds)}`, overview.remaining_range_seconds === null ? "at the pace of this run"
          : `${duration(overview.remaining_range_seconds[0])} to ${duration(overview.remaining_range_seconds[1])}`),
      overview.export_bytes === null ? null : card("Output", bytes(overview.export_bytes))),
    progressBar(overview),
    facts([
      ["Error", overview.error], ["At work", overview.is_running ? [overview.phase, overview.barrier].filter(Boolean).join(": ") : null],
      ["Dataset", overview.dataset_path], ["Output", overview.export_path], ["Job folder", overview.job_dir],
      ["Started", overview.start_time === null ? null : `${time(overview.start_time)} UTC`],
      ["Ended", overview.end_time === null ? null : `${time(overview.end_time)} UTC`],
      ["To run or resume it", overview.resumption_command ? el("code", null, overview.resumption_command) : null],
    ]));
}

function progressBar(overview) {
  const progress = overview.progress;
  const total = progress.total_partitions || 1;
  const part = (number, kind) => (number ? el("i", {class: kind, "width%": 100 * number / total}) : null);
  const done = progress.completed_partitions;
  const bytesDone = overview.input_bytes ? overview.processed_bytes / overview.input_bytes : 0;
  return [
    el("div", {class: "progress", role: "img", "aria-label": `${percent(done / total)} of the partitions completed`},
      part(done, "i-done"), part(progress.processing_partitions, "i-running"), part(progress.failed_partitions, "i-failed")),
    legend([["i-done", `completed (${percent(bytesDone)} of the bytes${progress.stages > 1 ? " in this stage" : ""})`],
      ["i-running", "at work"], ["i-failed", "failed"], ["i-pending", "waiting"]]),
  ];
}

function findingsSection(report) {
  if (!report.findings.length) return null;
  return el("ul", {class: "findings"}, report.findings.map((finding) =>
    el("li", {class: finding.level}, finding.text, finding.advice ? el("div", {class: "soft"}, finding.advice) : null)));
}
