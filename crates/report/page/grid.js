// Partitions × operators on a canvas, so that tens of thousands of cells stay fast.

const GRID_MODES = [["status", "how far"], ["time", "time per byte"], ["kept", "share kept"]];

function gridSection(report, ui) {
  const columns = report.partitions;
  if (!columns.index.length) return null;
  ui.mode = ui.mode || (/[^c]/.test(columns.status) ? "status" : "time");
  const all = columns.index.length;
  // A view of some partitions stays as it is when there are more, and a view of all shows the new ones too.
  const [from, to] = ui.window && ui.window[1] <= all ? ui.window : [0, all];
  const grid = {report, columns, ui, from, to, bars: 1, cursor: null, canvas: null, medians: null};
  const canvas = el("canvas", {
    class: "map", tabindex: 0, role: "application", "aria-describedby": "grid-help", "aria-label": "Partitions by operators",
    onmousemove: (event) => pointAt(grid, event), onclick: (event) => pointAt(grid, event),
    onkeydown: (event) => gridKey(grid, event), ondblclick: () => zoomGrid(grid, 0.25),
  });
  grid.canvas = canvas;
  grid.readout = el("div", {class: "readout", "aria-live": "polite"}, "Point at a cell, or press the arrow keys, to see what it is.");
  grid.range = el("span", {class: "soft"});
  onResize(canvas, () => drawGrid(grid));
  if (ui.cursor && ui.cursor.at < all) chooseCell(grid, ui.cursor.at, ui.cursor.operator);
  repaint.add(() => canvas.isConnected && drawGrid(grid));
  const shown = columns.index.length < columns.total
    ? el("p", {class: "soft small"}, `${count(columns.index.length)} of ${counted(columns.total, "partition")} are shown: those that failed, and others evenly spread.`) : null;
  return el("div", null, shown,
    el("div", {class: "tools"},
      select("Colour by", GRID_MODES, ui.mode, (mode) => { ui.mode = mode; grid.legend.replaceWith(grid.legend = gridLegend(ui.mode)); drawGrid(grid); }),
      el("button", {onclick: () => zoomGrid(grid, 0.25)}, "Zoom in"), el("button", {onclick: () => zoomGrid(grid, 4)}, "Zoom out"),
      el("button", {onclick: () => moveGrid(grid, -0.5), "aria-label": "Earlier partitions"}, "←"),
      el("button", {onclick: () => moveGrid(grid, 0.5), "aria-label": "Later partitions"}, "→"), grid.range),
    el("div", {class: "labelled"}, gridLabels(grid), canvas), grid.legend = gridLegend(ui.mode), grid.readout,
    el("p", {id: "grid-help", class: "soft small"},
      "Each column is a partition, or several where they do not all fit, which then show the slowest or least kept of them; each row is an operator. "
      + "Keys: arrows move, + and − zoom, Home and End go to the ends."));
}

/** The names of the rows. */
function gridLabels(grid) {
  const {row} = gridShape(grid);
  const labels = el("div", {class: "labels", "aria-hidden": "true"}, grid.report.operators.map((operator) =>
    el("div", {title: operator.name}, el("span", null, `${operator.index + 1} `), el("span", {class: "long"}, operator.name))));
  for (const label of labels.children) {
    label.style.height = `${row}px`;
    label.style.lineHeight = `${row}px`;
  }
  return labels;
}

function gridLegend(mode) {
  if (mode === "status") return legend([["i-done", "done"], ["i-running", "at work"], ["i-failed", "failed"], ["i-pending", "waiting"]]);
  if (mode === "time") return legend([["i-done", "as fast as usual"], ["i-dropped", "3 × the operator's median"], ["i-failed", "10 × and more"]]);
  return legend([["i-kept", "all kept"], ["i-dropped", "few kept"], ["i-failed", "none kept"]]);
}

function gridShape(grid) {
  const rows = Math.max(1, grid.report.operators.length);
  const row = Math.max(12, Math.min(24, Math.floor(420 / rows)));
  return {rows, row, width: grid.canvas.clientWidth, height: rows * row};
}

/** How long partitions usually take in each operator, per byte. */
function gridMedians(grid) {
  const {columns} = grid;
  grid.medians = grid.medians || grid.report.operators.map((_, operator) => median(columns.index
    .map((_, at) => timePerByte(columns, at, operator)).filter((value) => value > 0)));
  return grid.medians;
}

function timePerByte(columns, at, operator) {
  const micros = columns.operator_micros[at][operator];
  return micros > 0 ? micros / Math.max(1, columns.bytes[at]) : 0;
}

/** From 0 (nothing odd) to 1, or null where there is nothing. */
function oddness(grid, at, operator) {
  const {columns, ui} = grid;
  if (operator >= columns.operators_done[at]) return null;
  if (ui.mode === "time") {
    const usual = gridMedians(grid)[operator];
    const value = timePerByte(columns, at, operator);
    // Below a millisecond chance has the greatest part.
    if (!(usual > 0) || !(value > 0) || columns.operator_micros[at][operator] < 1000) return 0;
    return Math.max(0, Math.min(1, Math.log10(value / usual)));
  }
  const before = operator ? columns.operator_out[at][operator - 1] : columns.records[at];
  return before > 0 ? 1 - Math.min(1, columns.operator_out[at][operator] / before) : 0;
}

function mix(from, to, part) {
  const rgb = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  const [a, b] = [rgb(from), rgb(to)];
  return `rgb(${a.map((value, at) => Math.round(value + (b[at] - value) * part)).join(",")})`;
}

function cellColour(grid, colours, from, to, operator) {
  const {columns, ui} = grid;
  if (ui.mode === "status") {
    let worst = 0;
    const {operators, overview} = grid.report;
    const isAtWork = operators[operator] && !operators[operator].is_barrier && operators[operator].stage === overview.progress.stage;
    for (let at = from; at < to; at += 1) {
      const isDone = operator < columns.operators_done[at];
      const letter = columns.status[at];
      worst = Math.max(worst, isDone ? 1 : letter === "f" ? 4 : letter === "r" && isAtWork ? 3 : 2);
    }
    return [null, colours.green, colours.line, colours.violet, colours.red][worst];
  }
  let worst = null;
  for (let at = from; at < to; at += 1) {
    const value = oddness(grid, at, operator);
    if (value !== null && (worst === null || value > worst)) worst = value;
  }
  if (worst === null) return colours.line;
  const [begin, middle] = ui.mode === "time" ? [colours.green, colours.orange] : [colours.blue, colours.orange];
  return worst < 0.5 ? mix(begin, middle, worst * 2) : mix(middle, colours.red, worst * 2 - 1);
}

function drawGrid(grid) {
  const {canvas, columns} = grid;
  const {rows, row, width, height} = gridShape(grid);
  const draw = drawingOn(canvas, height);
  if (!draw) return;
  const colours = Object.fromEntries(["green", "line", "violet", "red", "orange", "blue", "text"].map((name) => [name, colour(name)]));
  const shown = grid.to - grid.from;
  const bars = Math.min(shown, Math.floor(width / 2));
  const gap = width / bars >= 5 ? 1 : 0;
  for (let bar = 0; bar < bars; bar += 1) {
    const from = grid.from + Math.floor(bar * shown / bars);
    const to = Math.max(from + 1, grid.from + Math.floor((bar + 1) * shown / bars));
    const left = Math.round(bar * width / bars);
    const right = Math.round((bar + 1) * width / bars);
    for (let operator = 0; operator < rows; operator += 1) {
      draw.fillStyle = cellColour(grid, colours, from, to, operator);
      draw.fillRect(left, operator * row, right - left - gap, row - 1);
    }
  }
  grid.bars = bars;
  grid.ui.window = shown < columns.index.length ? [grid.from, grid.to] : null;
  if (grid.cursor) {
    const bar = Math.floor((grid.cursor.at - grid.from) * bars / shown);
    draw.strokeStyle = colours.text;
    draw.lineWidth = 2;
    draw.strokeRect(bar * width / bars, grid.cursor.operator * row, Math.max(4, width / bars), row - 1);
  }
  const number = (at) => columns.index[Math.min(at, columns.index.length - 1)];
  grid.range.textContent = `partitions ${count(number(grid.from))} to ${count(number(grid.to - 1))}`;
}

function pointAt(grid, event) {
  const {row, rows, width} = gridShape(grid);
  const shown = grid.to - grid.from;
  const bar = Math.floor(event.offsetX * grid.bars / width);
  const at = grid.from + Math.floor(bar * shown / grid.bars);
  const operator = Math.floor(event.offsetY / row);
  if (at < grid.from || at >= grid.to || operator < 0 || operator >= rows) return;
  // Of the partitions of a column the oddest is the one to name.
  const end = Math.max(at + 1, grid.from + Math.floor((bar + 1) * shown / grid.bars));
  let odd = at;
  if (grid.ui.mode !== "status") {
    for (let other = at; other < end; other += 1) if ((oddness(grid, other, operator) || 0) > (oddness(grid, odd, operator) || 0)) odd = other;
  }
  setCursor(grid, odd, operator);
}

function setCursor(grid, at, operator) {
  const {columns} = grid;
  const rows = gridShape(grid).rows;
  at = Math.max(0, Math.min(columns.index.length - 1, at));
  operator = Math.max(0, Math.min(rows - 1, operator));
  if (grid.cursor && grid.cursor.at === at && grid.cursor.operator === operator) return;
  chooseCell(grid, at, operator);
  if (at < grid.from) moveGrid(grid, -0.5);
  if (at >= grid.to) moveGrid(grid, 0.5);
  drawGrid(grid);
}

/** Makes a cell the chosen one, and says what it is. */
function chooseCell(grid, at, operator) {
  const {columns, report} = grid;
  grid.cursor = {at, operator};
  grid.ui.cursor = grid.cursor;
  const name = report.operators[operator] ? report.operators[operator].name : "";
  const isDone = operator < columns.operators_done[at];
  const before = operator ? columns.operator_out[at][operator - 1] : columns.records[at];
  const micros = columns.operator_micros[at][operator];
  const usual = gridMedians(grid)[operator];
  const times = micros > 0 && usual > 0 ? ` (${short(timePerByte(columns, at, operator) / usual)} × the median per byte)` : "";
  const status = {c: "completed", r: "at work", f: "failed", p: "waiting"}[columns.status[at]];
  const cell = isDone
    ? `${name}: ${count(columns.operator_out[at][operator])} of ${counted(before, "record")} out${micros > 0 ? `, ${duration(micros / 1e6)}${times}` : ""}`
    : `${name}: not yet`;
  grid.readout.replaceChildren(el("strong", null, `Partition ${columns.index[at]}`),
    ` (${status}${columns.retries[at] > 0 ? `, after ${counted(columns.retries[at], "failed attempt")}` : ""}): ${counted(columns.records[at], "record")}, ${bytes(columns.bytes[at])}, `,
    el("span", {class: "soft"}, `${columns.start[at]} to ${columns.end[at]} of ${columns.sources[columns.source[at]] ?? ""}`), el("div", null, visible(cell)));
}

function zoomGrid(grid, factor) {
  const all = grid.columns.index.length;
  const middle = grid.cursor ? grid.cursor.at : (grid.from + grid.to) / 2;
  const shown = Math.max(Math.min(5, all), Math.min(all, Math.round((grid.to - grid.from) * factor)));
  grid.from = Math.max(0, Math.min(all - shown, Math.round(middle - shown / 2)));
  grid.to = grid.from + shown;
  drawGrid(grid);
}

function moveGrid(grid, part) {
  const all = grid.columns.index.length;
  const shown = grid.to - grid.from;
  grid.from = Math.max(0, Math.min(all - shown, grid.from + Math.round(shown * part)));
  grid.to = grid.from + shown;
  drawGrid(grid);
}

function gridKey(grid, event) {
  const cursor = grid.cursor || {at: grid.from, operator: -1};
  const step = Math.max(1, Math.floor((grid.to - grid.from) / grid.bars));
  const moves = {
    ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    Home: [-Infinity, 0], End: [Infinity, 0], PageUp: [-10 * step, 0], PageDown: [10 * step, 0],
  };
  if (event.key === "+" || event.key === "=") zoomGrid(grid, 0.5);
  else if (event.key === "-") zoomGrid(grid, 2);
  else if (moves[event.key]) setCursor(grid, cursor.at + moves[event.key][0], cursor.operator + moves[event.key][1]);
  else return;
  event.preventDefault();
}
