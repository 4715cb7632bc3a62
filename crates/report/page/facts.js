// Fields, recipe and environment.

function fieldsSection(report) {
  const view = report.fields;
  if (!view || !view.fields.length) return null;
  const most = 200;
  const types = (field) => field.types.map((seen) => `${count(seen.count)} ${seen.type}`).join(", ") || NO_VALUE;
  const odd = (field) => (field.odd ? `the first ${field.odd.type} is in the record at ${field.odd.is_row ? "row" : "byte"} ${count(field.odd.position)} of ${field.odd.path}` : null);
  return el("div", null,
    el("p", {class: "soft small"}, `${view.complete ? "All" : "The first"} ${counted(view.records, "record")}.`,
      view.fields.length > most ? ` ${count(most)} of ${counted(view.fields.length, "field")} are listed.` : null),
    table([{title: "Field"}, {title: "Values", text: true}, {title: "null", num: true}, {title: "Missing", num: true}, {title: "Odd", text: true}],
      view.fields.slice(0, most).map((field) => [el("code", null, field.name), types(field), count(field.nulls), count(field.missing), odd(field)])));
}

function recipeSection(report) {
  const {given, resolved} = report.recipe;
  if (given === null && resolved === null) return null;
  return el("div", null, given === null ? null : folded("given", "As it was given", () => el("pre", null, given), true),
    resolved === null ? null : folded("resolved", "With every key written out, as it was run", () => el("pre", null, resolved)));
}

function environmentSection(report) {
  const environment = report.environment;
  const drivers = environment.drivers;
  return el("div", null, facts([
    ["Executor", environment.executor], ["Recipe file", environment.config_file], ["Checkpoints", environment.checkpoint_dir],
    ["Event log", environment.event_log_dir], ["Goes on from job", environment.adopted_from],
    ["Stores", environment.stores.map(([place, store]) => `${place}: ${store}`).join("; ")],
    ["Decisions", environment.decisions.length ? environment.decisions.map((decision) => el("div", null, decision)) : null],
  ]), drivers.length ? [el("h3", null, "Drivers"), more(drivers, environment.drivers_total),
    table([{title: "Epoch", num: true}, {title: "Began (UTC)"}, {title: "Host"}, {title: "Process", num: true}, {title: "Release"}, {title: ""}],
      drivers.map((one) => [one.epoch, time(one.start_time), one.host, one.pid, one.version,
        [one.is_alive ? "at work" : null, one.takeover ? "took over" : null].filter(Boolean).join(", ")]))] : null);
}
