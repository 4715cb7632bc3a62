// The page of two jobs side by side.

const showComparison = sectionsOf([
  {name: "jobs", title: "The jobs", build: comparedJobs, of: ["jobs"]},
  {name: "operators", title: "Operators", build: comparedOperators, of: ["operators", "jobs"]},
  {name: "recipe", title: "Recipes", build: comparedRecipes, of: ["recipe", "operators", "jobs"]},
  {name: "inputs", title: "Inputs", build: comparedInputs, of: ["inputs", "jobs"]},
  {name: "quarantine", title: "Quarantine", build: (view) => countPairs(view, view.quarantine, "Why"), of: ["quarantine", "jobs"]},
  {name: "failures", title: "Failed attempts", build: (view) => countPairs(view, view.errors, "Class and operator"), of: ["errors", "jobs"]},
], comparisonTop, (view) => view.remarks.map((remark) => el("p", null, `Note: ${remark}`)));

function comparisonTop(view, names) {
  return el("header", {class: "top"}, el("div", null,
    el("div", {class: "name"}, view.jobs.map((job, at) => [at ? el("span", {class: "soft"}, "and") : null, el("h1", null, job.job_id), pill(job.status)])),
    el("nav", {"aria-label": "Sections"}, names.map(([name, title]) => el("a", {href: `#${name}`}, title)))));
}

/** The names of the jobs as titles of columns; two of the same name are told apart by their order. */
function jobColumns(view) {
  const [first, second] = view.jobs.map((job) => job.job_id);
  const titles = first === second ? [`${first} (first)`, `${second} (second)`] : [first, second];
  return titles.map((title) => ({title, num: true}));
}

/** By how much the second is more than the first. */
function change(first, second) {
  if (first === null || second === null || first === undefined || second === undefined || first === second) return "";
  if (!first) return "new";
  const share = second / first - 1;
  return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
}

function comparedJobs(view) {
  const rows = [
    ["Records", "records", count], ["Kept", "kept", count], ["Dropped", "dropped", count], ["In quarantine", "quarantined", count],
    ["Made", "made", count], ["Put into groups", "absorbed", count], ["Not drawn", "not_sampled", count], ["In failed partitions", "in_failed", count],
    ["Partitions", "partitions", count], ["Input", "input_bytes", bytes], ["Output", "export_bytes", bytes],
    ["Time at work", "wall_seconds", duration], ["Work of all workers", "work_seconds", duration],
    ["Work for each byte", "nanos_per_byte", (nanos) => `${short(nanos)} ns`], ["Most memory", "peak_memory_mb", (mb) => bytes(mb * 1e6)],
  ];
  const values = (member) => view.jobs.map((job) => job[member]);
  const isThere = ([, member]) => values(member).some((value) => value !== null && value !== 0);
  return table([{title: ""}, ...jobColumns(view), {title: "Change", num: true}], rows.filter(isThere).map(([title, member, format]) => {
    const [first, second] = values(member);
    return [title, ...[first, second].map((value) => (value === null ? NO_VALUE : format(value))), change(first, second)];
  }));
}

function comparedOperators(view) {
  if (!view.operators.length) return null;
  const changes = {same: "", changed: "other parameters", removed: "only in the first", added: "only in the second"};
  const [first, second] = jobColumns(view).map(({title}) => title);
  const columns = [{title: "Operator"}, {title: "Recipe"}];
  for (const title of ["Records in", "Out", "Kept", "Time"]) {
    columns.push({title: `${title}, ${first}`, num: true}, {title: `${title}, ${second}`, num: true});
  }
  columns.push({title: "Change of time", num: true});
  const known = (value, format) => (value === null || value === undefined ? NO_VALUE : format(value));
  return table(columns, view.operators.map((pair) => {
    const both = (member, format) => [pair.first, pair.second].map((one) => known(one?.[member], format));
    return [pair.name, changes[pair.change] ?? pair.change, ...both("records_in", count), ...both("out", count),
      ...both("keep_rate", percent), ...both("seconds", duration), change(pair.first?.seconds, pair.second?.seconds)];
  }));
}

function comparedRecipes(view) {
  const ofOperators = view.operators.flatMap((pair) => (pair.parameters ?? []).map((one) => ({...one, key: `${pair.name}: ${one.key}`})));
  const all = [...ofOperators, ...view.recipe];
  if (!all.length) return el("p", null, "Both recipes are the same.");
  const columns = jobColumns(view).map(({title}) => ({title, text: true}));
  return table([{title: "Key"}, ...columns], all.map((one) => [one.key, one.first, one.second]));
}

function comparedInputs(view) {
  const {both, only_first: first, only_second: second} = view.inputs;
  if (!first.length && !second.length) return el("p", null, `Both read the same ${counted(both, "file")}.`);
  const [one, other] = jobColumns(view).map(({title}) => title);
  const rows = [...first.map((path) => [path, one]), ...second.map((path) => [path, other])];
  return el("div", null, el("p", null, `${counted(both, "file")} in both.`), table([{title: "File", text: true}, {title: "Only in"}], rows));
}

function countPairs(view, pairs, title) {
  if (!pairs.length) return null;
  return table([{title, text: true}, ...jobColumns(view)], pairs.map((pair) => [pair.name, count(pair.first), count(pair.second)]));
}

begin(showComparison);
