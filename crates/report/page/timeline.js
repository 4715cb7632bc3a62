// When attempts ran, and which partitions were slow.

const OUTCOMES = {c: ["i-done", "its result counts"], f: ["i-failed", "failed"], o: ["i-running", "not known to have ended"]};

function timelineSection(report, ui) {
  const attempts = report.timeline;
  if (!attempts.start.length) return stragglerTable(report);
  const begin = attempts.start[0];
  const end = attempts.end.reduce((last, time) => Math.max(last, time), begin);
  const [from, to] = ui.window || [0, 1];
  const view = {ui, attempts, begin, end: Math.max(end, begin + 0.001), from, to, cursor: null, slow: new Set(report.stragglers.map((one) => one.partition))};
  const canvas = el("canvas", {
    class: "map", tabindex: 0, role: "application", "aria-label": "Attempts over time", "aria-describedby": "timeline-help",
    onmousemove: (event) => pointAtAttempt(view, event), onkeydown: (event) => timelineKey(view, event),
    ondblclick: () => zoomTimeline(view, 0.25),
  });
  view.canvas = canvas;
  view.readout = el("div", {class: "readout", "aria-live": "polite"}, "Point at an attempt, or press the arrow keys.");
  const chosen = ui.chosen ? attempts.start.findIndex((_, at) => `${attempts.stage[at]} ${attempts.partition[at]} ${attempts.attempt[at]}` === ui.chosen) : -1;
  if (chosen >= 0) {
    view.cursor = chosen;
    sayAttempt(view);
  }
  onResize(canvas, () => drawTimeline(view));
  repaint.add(() => canvas.isConnected && drawTimeline(view));
  const notes = [];
  if (attempts.from_journal) notes.push("There is no event log: shown is the last attempt at each partition, as the journal knows it.");
  if (attempts.start.length < attempts.total) notes.push(`${count(attempts.start.length)} of ${counted(attempts.total, "attempt")} are shown: those that failed, and the longest.`);
  return el("div", null, notes.map((note) => el("p", {class: "soft small"}, note)),
    el("div", {class: "tools"},
      el("button", {onclick: () => zoomTimeline(view, 0.25)}, "Zoom in"), el("button", {onclick: () => zoomTimeline(view, 4)}, "Zoom out"),
      el("button", {onclick: () => moveTimeline(view, -0.5), "aria-label": "Earlier"}, "←"), el("button", {onclick: () => moveTimeline(view, 0.5), "aria-label": "Later"}, "→")),
    canvas, legend([...Object.values(OUTCOMES), ["i-dropped", "far slower than others"]]), view.readout,
    el("p", {id: "timeline-help", class: "soft small"}, `${lanesText(attempts, report)} Keys: arrows, + and −.`),
    stragglerTable(report));
}

/** What the lanes are. An attempt in one without a worker waits for a worker, or was at work when this was made. */
function lanesText(attempts, report) {
  const workers = attempts.workers.filter((name) => name).length;
  const others = attempts.lanes - workers;
  if (!workers) return "Attempts in one lane did not overlap.";
  const rest = report.overview.is_running ? "at work or waiting for a worker" : "that no worker is known to have ended";
  return `Each lane is a worker; ${counted(workers, "worker")} ${workers === 1 ? "was" : "were"} in use.${others ? ` Below them are attempts ${rest}.` : ""}`;
}

function stragglerTable(report) {
  if (!report.stragglers.length) return null;
  return [el("h3", null, "Far slower than others"), table(
    [{title: "Partition", num: true}, {title: "Work", num: true}, {title: "× median", num: true}, {title: "Most of it in", text: true}, {title: "Why", text: true}],
    report.stragglers.map((one) => [count(one.partition), duration(one.seconds), one.times_median.toFixed(1), one.operator, one.reasons.join("; ") || "nothing recorded explains it"]))];
}

function laneHeight(view) {
  return Math.max(3, Math.min(18, Math.floor(360 / Math.max(1, view.attempts.lanes))));
}

function drawTimeline(view) {
  const {canvas, attempts} = view;
  const width = canvas.clientWidth;
  const lane = laneHeight(view);
  const height = lane * attempts.lanes + 22;
  const draw = drawingOn(canvas, height);
  if (!draw) return;
  view.ui.window = view.to - view.from < 1 ? [view.from, view.to] : null;
  const colours = {c: colour("green"), f: colour("red"), o: colour("violet"), slow: colour("orange"), text: colour("soft"), line: colour("line"), mark: colour("text")};
  const stretch = view.end - view.begin;
  const x = (time) => ((time - view.begin) / stretch - view.from) / (view.to - view.from) * width;
  const filled = new Float64Array(attempts.lanes).fill(-1);
  for (let at = 0; at < attempts.start.length; at += 1) {
    const left = x(attempts.start[at]);
    const right = Math.max(x(attempts.end[at]), left + 1);
    if (right < 0 || left > width) continue;
    const outcome = attempts.outcome[at];
    // Thousands of attempts may fall on one pixel, of which one that succeeded says nothing new.
    if (right < filled[attempts.lane[at]] + 0.5 && outcome === "c" && view.cursor !== at) continue;
    filled[attempts.lane[at]] = right;
    draw.fillStyle = outcome === "c" && view.slow.has(attempts.partition[at]) ? colours.slow : colours[outcome];
    draw.fillRect(left, attempts.lane[at] * lane + 1, Math.max(1, right - left - 0.5), lane - 1);
    if (view.cursor === at) {
      draw.strokeStyle = colours.mark;
      draw.lineWidth = 2;
      draw.strokeRect(left, attempts.lane[at] * lane + 1, Math.max(3, right - left), lane - 1);
    }
  }
  draw.fillStyle = colours.text;
  draw.font = "11px sans-serif";
  for (const [moment, label] of marksOfTime(view.begin + stretch * view.from, view.begin + stretch * view.to, Math.max(2, Math.floor(width / 110)))) {
    draw.fillText(label, x(moment) + 2, height - 6);
    draw.fillRect(x(moment), height - 20, 1, 6);
  }
}

function pointAtAttempt(view, event) {
  const {attempts} = view;
  const lane = Math.floor(event.offsetY / laneHeight(view));
  const stretch = view.end - view.begin;
  const time = view.begin + stretch * (view.from + (view.to - view.from) * event.offsetX / view.canvas.clientWidth);
  const pixel = stretch * (view.to - view.from) / view.canvas.clientWidth;
  for (let at = 0; at < attempts.start.length; at += 1) {
    if (attempts.lane[at] === lane && attempts.start[at] <= time + pixel && time - pixel <= attempts.end[at]) return chooseAttempt(view, at);
  }
  return undefined;
}

function chooseAttempt(view, at) {
  const {attempts} = view;
  at = Math.max(0, Math.min(attempts.start.length - 1, at));
  if (view.cursor === at) return;
  view.cursor = at;
  view.ui.chosen = `${attempts.stage[at]} ${attempts.partition[at]} ${attempts.attempt[at]}`;
  const middle = (attempts.start[at] - view.begin) / (view.end - view.begin);
  if (middle < view.from || middle > view.to) moveTimeline(view, (middle - (view.from + view.to) / 2) / (view.to - view.from));
  drawTimeline(view);
  sayAttempt(view);
}

function sayAttempt(view) {
  const {attempts, cursor: at} = view;
  const process = attempts.process[at] ? ` (process ${attempts.process[at]})` : "";
  const worker = attempts.workers[attempts.lane[at]];
  view.readout.replaceChildren(el("strong", null, `Partition ${attempts.partition[at]}`),
    `${attempts.stage[at] ? `, stage ${attempts.stage[at] + 1}` : ""}, attempt ${attempts.attempt[at]}: ${OUTCOMES[attempts.outcome[at]][1]}; `
    + `${time(attempts.start[at], 3)} UTC, ${duration(attempts.end[at] - attempts.start[at])}${worker ? `; ${worker}${process}` : ""}`);
}

function zoomTimeline(view, factor) {
  const middle = view.cursor === null ? (view.from + view.to) / 2 : (view.attempts.start[view.cursor] - view.begin) / (view.end - view.begin);
  const shown = Math.max(1e-4, Math.min(1, (view.to - view.from) * factor));
  view.from = Math.max(0, Math.min(1 - shown, middle - shown / 2));
  view.to = view.from + shown;
  drawTimeline(view);
}

function moveTimeline(view, part) {
  const shown = view.to - view.from;
  view.from = Math.max(0, Math.min(1 - shown, view.from + shown * part));
  view.to = view.from + shown;
  drawTimeline(view);
}

function timelineKey(view, event) {
  const at = view.cursor === null ? -1 : view.cursor;
  if (event.key === "+" || event.key === "=") zoomTimeline(view, 0.5);
  else if (event.key === "-") zoomTimeline(view, 2);
  else if (event.key === "ArrowRight") chooseAttempt(view, at + 1);
  else if (event.key === "ArrowLeft") chooseAttempt(view, at - 1);
  else if (event.key === "Home") chooseAttempt(view, 0);
  else if (event.key === "End") chooseAttempt(view, Infinity);
  else return;
  event.preventDefault();
}
