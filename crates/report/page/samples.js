// What operators did to single records, with differences marked.

function samplesSection(report) {
  const all = report.samples.filter((one) => one.samples.length);
  if (!all.length) return null;
  return el("div", null, el("p", {class: "soft small"},
    all.some((one) => one.is_trace) ? "Records drawn by chance from all that an operator changed or dropped." : "Some of the records that filters dropped, from a few partitions."),
  all.map((one) => {
    const title = [`${one.operator === null ? "" : `${one.operator + 1}. `}${one.name} `, el("span", {class: "soft"},
      one.total === null ? counted(one.samples.length, "record") : one.total > one.samples.length ? `${count(one.samples.length)} of ${counted(one.total, "record")}` : counted(one.total, "record"))];
    return folded(`${one.operator} ${one.name}`, title, () => one.samples.map(sampleNode));
  }));
}

function sampleNode(sample) {
  const pair = sample.before !== undefined || sample.after !== undefined;
  return el("div", {class: "sample"}, notesNode(sample.notes),
    sample.record !== undefined ? el("pre", null, sample.record) : null,
    pair && sample.is_duplicate ? el("div", {class: "pair"},
      el("div", null, el("strong", null, "Kept"), el("pre", null, sample.before ?? "")), el("div", null, el("strong", null, "Removed"), el("pre", null, sample.after ?? ""))) : null,
    pair && !sample.is_duplicate ? el("pre", {class: "difference"}, condensed(difference(sample.before ?? "", sample.after ?? ""))) : null);
}

function notesNode(notes) {
  if (!notes) return null;
  const flat = [];
  for (const [name, value] of Object.entries(notes)) {
    if (value && typeof value === "object") for (const [inner, one] of Object.entries(value)) flat.push([inner, one]);
    else flat.push([name, value]);
  }
  return el("div", {class: "notes"}, flat.map(([name, value]) => el("span", null, `${name}: `, el("span", {class: "mono"}, typeof value === "number" ? short(value) : value))));
}

/** Words, and what lies between them. */
function pieces(text) {
  return text.match(/[\p{L}\p{N}_]+|\s|[^\p{L}\p{N}_\s]/gu) || [];
}

/** Both texts in one, with what went and what came. */
function difference(before, after) {
  const [a, b] = [pieces(before), pieces(after)];
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin += 1;
  let end = 0;
  while (end < a.length - begin && end < b.length - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = common(a.slice(begin, a.length - end), b.slice(begin, b.length - end));
  const parts = [["same", a.slice(0, begin).join("")], ...middle, ["same", a.slice(a.length - end).join("")]];
  if (before === after) return [before, "\n", el("span", {class: "sign"}, "no difference in what is shown")];
  return parts.filter(([, text]) => text).map(([kind, text]) =>
    (kind === "same" ? text : el(kind === "gone" ? "del" : "ins", null, signs(text))));
}

/** The parts of a difference, of which long ones that are the same keep what is next to a change. */
function condensed(parts) {
  const BESIDE = 160;
  if (parts.length < 2) return parts;
  return parts.map((part, at) => {
    const [before, after] = [at > 0 ? BESIDE : 0, at < parts.length - 1 ? BESIDE : 0];
    if (typeof part !== "string" || part.length <= 3 * BESIDE) return part;
    const left = part.length - before - after;
    return [part.slice(0, before), el("span", {class: "sign"}, ` … ${counted(left, "character")} the same … `), part.slice(part.length - after)];
  });
}

/** Blanks that went or came would not be seen. */
function signs(text) {
  const names = {"\n": "↵\n", "\t": "⇥\t", "\r": "␍", "\u00a0": "⍽", "\u3000": "⬚"};
  return text.replace(/[\n\t\r\u00a0\u3000]/g, (letter) => names[letter]);
}

/** The longest common part of two lists of pieces, as runs; of very long lists the whole is taken as changed. */
function common(a, b) {
  const MOST_CELLS = 4_000_000;
  if (!a.length || !b.length || a.length * b.length > MOST_CELLS) return [["gone", a.join("")], ["new", b.join("")]];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const runs = [];
  const add = (kind, text) => {
    if (runs.length && runs[runs.length - 1][0] === kind) runs[runs.length - 1][1] += text;
    else runs.push([kind, text]);
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("same", a[i]);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      add("gone", a[i]);
      i += 1;
    } else {
      add("new", b[j]);
      j += 1;
    }
  }
  return runs;
}
