// Lines over time, drawn by uPlot.

const charts = new Set();

/** A chart of lines: `lines` are `{label, colour, values, format}` over the same `times`. */
function lineChart(title, times, lines, note) {
  const place = el("div");
  const figure = el("figure", {class: "figure", role: "group", "aria-label": title},
    el("h3", null, title), note ? el("p", {class: "soft small"}, note) : null, place);
  figure.style.margin = "0";
  const chart = {place, times, lines, drawn: null, width: 0};
  charts.add(chart);
  // The width is known once the figure is in the page.
  onResize(place, () => drawLines(chart));
  return figure;
}

function drawLines(chart, again) {
  const {place, times, lines} = chart;
  const width = Math.floor(place.clientWidth);
  if (!place.isConnected || width < 50 || (width === chart.width && !again)) return;
  chart.width = width;
  if (chart.drawn) chart.drawn.destroy();
  const stretch = times[times.length - 1] - times[0];
  const axis = {stroke: colour("soft"), grid: {stroke: colour("line"), width: 1}, ticks: {stroke: colour("line"), width: 1}, font: "11px sans-serif"};
  const series = lines.map((line) => ({
    label: line.label, stroke: colour(line.colour), width: 1.5, points: {show: times.length < 40},
    value: (_, value) => (value === null || value === undefined ? NO_VALUE : line.format(value)),
  }));
  const options = {
    width, height: 190, cursor: {drag: {x: true, y: false}},
    scales: {x: {time: false}, y: {range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1]}},
    axes: [
      {...axis, values: (_, values) => values.map((value) => clock(value, stretch)), space: 80},
      {...axis, values: (_, values) => values.map(lines[0].format), size: 78},
    ],
    series: [{label: "Time", value: (_, value) => (value === null ? NO_VALUE : time(value))}, ...series],
  };
  chart.drawn = new uPlot(options, [times, ...lines.map((line) => line.values)], place);
}

/** Draws the charts that are not drawn yet, or all, since colours of canvases do not follow the style sheet. */
function drawCharts(inOtherColours) {
  for (const chart of charts) {
    if (chart.place.isConnected) drawLines(chart, inOtherColours);
    else charts.delete(chart);
  }
}

const UNITS = {
  memory_mb: ["Memory", (value) => bytes(value * 1e6)],
  cpu_percent: ["CPU, of one core", (value) => `${short(value)} %`],
  disk_read_mb: ["Read from disk since the last sample", (value) => bytes(value * 1e6)],
  disk_written_mb: ["Written to disk since the last sample", (value) => bytes(value * 1e6)],
  disk_free_mb: ["Free on the fullest disk", (value) => bytes(value * 1e6)],
};

function formatOf(name) {
  if (UNITS[name]) return UNITS[name];
  if (/_mb$/.test(name)) return [name.replace(/_mb$/, ""), (value) => bytes(value * 1e6)];
  if (/_bytes$/.test(name)) return [name.replace(/_bytes$/, ""), bytes];
  if (/percent$/.test(name)) return [name.replace(/_?percent$/, ""), (value) => `${short(value)} %`];
  return [name, short];
}

/** How fast the job went, and what it used. */
function paceSection(report) {
  const figures = [];
  const pace = report.pace;
  if (pace.length > 1) {
    const times = pace.map((point) => point.time);
    const rate = (pick) => pace.map((point) => pick(point) / point.seconds);
    figures.push(lineChart("Records per second", times,
      [{label: "records/s", colour: "blue", values: rate((point) => point.records), format: short}],
      "by when results were published"));
    figures.push(lineChart("Bytes per second", times,
      [{label: "bytes/s", colour: "violet", values: rate((point) => point.bytes), format: (value) => `${bytes(value)}/s`}],
      "of the partitions' records, as they were read"));
  }
  const colours = ["orange", "green", "red", "violet"];
  for (const [at, series] of report.resources.entries()) {
    if (series.time.length < 2) continue;
    const [title, format] = formatOf(series.name);
    figures.push(lineChart(title.replace(/^./, (letter) => letter.toUpperCase()).replaceAll("_", " "), series.time,
      [{label: series.name, colour: colours[at % colours.length], values: series.value, format}]));
  }
  return figures.length ? el("div", {class: "charts"}, figures) : null;
}
