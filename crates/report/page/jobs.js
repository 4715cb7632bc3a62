// The page of all jobs of a folder.

const JOBS_AT_A_TIME = 200;

const showJobs = sectionsOf([
  {name: "jobs", title: "Jobs", build: jobsSection, of: ["jobs", "base_dir"]},
], jobsTop, (view) => el("p", null, `Jobs in ${view.base_dir}`));

function jobsTop(view) {
  const running = view.jobs.filter((job) => job.is_running).length;
  return el("header", {class: "top"}, el("div", null, el("div", {class: "name"}, el("h1", null, "Coldpress"),
    el("span", {class: "soft"}, `${counted(view.jobs.length, "job")}, ${count(running)} running`), livePill())));
}

function jobsSection(view, ui) {
  if (!view.jobs.length) {
    return el("p", null, "There are no jobs here yet. A job appears as soon as ", el("code", null, "coldpress process"), " begins it.");
  }
  Object.assign(ui, {status: "", text: "", shown: JOBS_AT_A_TIME, ...ui});
  const list = el("div");
  const said = el("p", {class: "soft small", "aria-live": "polite"});
  const update = () => {
    const text = ui.text.toLowerCase();
    const found = view.jobs.filter((job) => (!ui.status || job.status === ui.status) && (!text || job.job_id.toLowerCase().includes(text)));
    said.textContent = found.length < view.jobs.length ? `${count(found.length)} of ${counted(view.jobs.length, "job")}` : "";
    const next = found.length > ui.shown ? el("button", {onclick: () => { ui.shown += JOBS_AT_A_TIME; update(); }}, "Show more") : null;
    list.replaceChildren(table([{title: "Job", text: true}, {title: "Status"}, {title: "Progress"}, {title: "Records", num: true}, {title: "Kept", num: true},
      {title: "Started (UTC)"}, {title: "Took", num: true}], found.slice(0, ui.shown).map(jobRow), {class: "jobs"}));
    append(list, [next]);
  };
  const set = (name) => (value) => { ui[name] = value; ui.shown = JOBS_AT_A_TIME; update(); };
  const statuses = [...new Set(view.jobs.map((job) => job.status))].sort().map((status) => [status, status.replaceAll("_", " ")]);
  const tools = el("div", {class: "tools"}, select("Status", [["", "all"], ...statuses], ui.status, set("status")),
    el("label", null, "Name", el("input", {type: "search", value: ui.text, oninput: (event) => set("text")(event.target.value)})));
  update();
  return el("div", null, tools, said, list);
}

function jobRow(job) {
  const name = job.has_page ? el("a", {href: `jobs/${encodeURIComponent(job.job_id)}`}, job.job_id) : job.job_id;
  const note = job.reason ? el("div", {class: "soft small"}, job.reason) : null;
  const totals = job.totals;
  if (!totals) return [[name, note], pill(job.status), NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE];
  const parts = `${count(totals.completed)} of ${counted(totals.partitions, "partition")}`
    + `${totals.failed ? `, ${count(totals.failed)} failed` : ""}${job.stage ? `, ${job.stage}` : ""}`;
  const took = job.seconds === null ? NO_VALUE : duration(job.seconds);
  return [[name, note], pill(job.status),
    [el("span", {class: "small"}, `${percent(job.progress)} `, el("span", {class: "soft"}, parts)),
      el("span", {class: "bar", role: "img", "aria-label": percent(job.progress)}, el("i", {class: job.is_running ? "i-running" : "i-done", "width%": 100 * job.progress}))],
    `${count(totals.processed)} of ${count(totals.records)}`, count(totals.exported),
    job.start_time === null ? NO_VALUE : time(job.start_time), took];
}

begin(showJobs);
