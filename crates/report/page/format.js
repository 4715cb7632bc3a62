// Numbers and times as people read them.

const grouping = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

function count(number) {
  return number === null || number === undefined ? NO_VALUE : grouping.format(number);
}

function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function bytes(number) {
  if (number === null || number === undefined) return NO_VALUE;
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let at = 0;
  while (number >= 999.95 && at < units.length - 1) {
    number /= 1000;
    at += 1;
  }
  return `${at === 0 ? number : number.toFixed(1)} ${units[at]}`;
}

function duration(seconds) {
  if (!Number.isFinite(seconds)) return NO_VALUE;
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** A share as per cent; what is not quite nothing or not quite all never looks so. */
function percent(share) {
  if (!Number.isFinite(share)) return NO_VALUE;
  const text = (share * 100).toFixed(1);
  if (text === "0.0" && share > 0) return "< 0.1 %";
  if (text === "100.0" && share < 1) return "> 99.9 %";
  return `${text} %`;
}

/** A number in a few letters. */
function short(value) {
  if (!Number.isFinite(value)) return NO_VALUE;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return count(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  const rounded = Number(value.toPrecision(3));
  return size >= 1000 ? count(rounded) : String(rounded);
}

/** A point in time, in UTC. */
function time(seconds, digits) {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8e12) return NO_VALUE;
  const text = new Date(seconds * 1000).toISOString().replace("T", " ");
  return digits ? text.slice(0, 20 + digits) : text.slice(0, 19);
}

/** A point in time of a stretch, no longer than it needs to be. */
function clock(seconds, stretch) {
  const text = time(seconds, 3);
  if (stretch > 2 * 86400) return text.slice(5, 16);
  return stretch < 20 ? text.slice(14, 22) : text.slice(11, 19);
}

/** Round points in time between two, at most so many, each with a label that no other has. */
function marksOfTime(from, to, most) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
  const wanted = (to - from) / most;
  const step = steps.find((one) => one >= wanted) || Math.ceil(wanted / 86400) * 86400;
  const [begin, end] = step < 1 ? [14, 23] : step < 60 ? [11, 19] : step < 86400 ? [11, 16] : [0, 10];
  const marks = [];
  for (let at = Math.ceil(from / step); at * step < to; at += 1) marks.push([at * step, time(at * step, 3).slice(begin, end)]);
  return marks;
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length ? sorted[sorted.length >> 1] : 0;
}
