// Events, with filters.

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"];
const EVENTS_AT_A_TIME = 100;

function eventsSection(report, ui) {
  const events = report.events;
  if (!events.rows.length) return null;
  Object.assign(ui, {level: "DEBUG", kind: "", text: "", partition: "", shown: EVENTS_AT_A_TIME, ...ui});
  const list = el("div");
  const said = el("p", {class: "soft small", "aria-live": "polite"});
  const update = () => {
    const found = events.rows.filter((row) => matches(row, ui)).reverse();
    said.textContent = `${count(found.length)} of ${counted(events.rows.length, "event")} shown here, newest first`
      + (events.rows.length < events.total ? `; the log has ${count(events.total)}: warnings and errors, the first and the last are here, and \`coldpress events ${report.overview.job_id}\` has all` : "");
    const rows = found.slice(0, ui.shown).map(eventRow);
    const next = found.length > ui.shown ? el("button", {onclick: () => { ui.shown += 5 * EVENTS_AT_A_TIME; update(); }}, "Show more") : null;
    list.replaceChildren(table([{title: "Time (UTC)"}, {title: "Level"}, {title: "Event"}, {title: "Partition", num: true}, {title: "What", text: true}], rows));
    append(list, [next]);
  };
  const set = (name) => (value) => { ui[name] = value; ui.shown = EVENTS_AT_A_TIME; update(); };
  const kinds = [["", "all"], ...events.kinds.map(({kind, count: number}) => [kind, `${kind} (${count(number)})`])];
  const tools = el("div", {class: "tools"},
    select("Level", LEVELS.map((level) => [level, level === "DEBUG" ? "all" : `${level.toLowerCase()} and above`]), ui.level, set("level")),
    select("Event", kinds, ui.kind, set("kind")),
    el("label", null, "Partition", el("input", {type: "number", min: 0, size: 6, value: ui.partition, oninput: (event) => set("partition")(event.target.value)})),
    el("label", null, "Text", el("input", {type: "search", value: ui.text, oninput: (event) => set("text")(event.target.value)})));
  update();
  return el("div", null, tools, said, list);
}

function matches(row, wanted) {
  if (LEVELS.indexOf(row.level) < LEVELS.indexOf(wanted.level)) return false;
  if (wanted.kind && row.kind !== wanted.kind) return false;
  if (wanted.partition !== "" && row.partition !== Number(wanted.partition)) return false;
  const text = wanted.text.toLowerCase();
  return !text || [row.kind, row.operator, row.message, row.error, row.stack_trace].some((part) => part && part.toLowerCase().includes(text));
}

function eventRow(row) {
  const kind = {ERROR: "bad", WARNING: "odd"}[row.level];
  return [el("span", {class: "mono moment"}, time(row.time, 3)), el("span", {class: kind}, row.level.toLowerCase()), row.kind,
    row.partition === undefined ? "" : `${row.partition}${row.stage ? ` (stage ${row.stage + 1})` : ""}`,
    [row.operator ? el("strong", null, `${row.operator} `) : null, row.message, row.error ? el("div", {class: "bad"}, row.error) : null,
      row.stack_trace ? folded(`trace ${row.sequence}`, "stack trace", () => el("pre", null, row.stack_trace)) : null]];
}
