// The page: its sections, and what is drawn again when.

/** What is drawn on canvases, to be drawn again in other colours. */
const repaint = new Set();

const SECTIONS = [
  ["overview", "Overview", overviewSection],
  ["findings", "What stands out", findingsSection],
  ["funnel", "Operators", funnelSection],
  ["duplicates", "Duplicates", duplicatesSection],
  ["partitions", "Partitions", gridSection],
  ["timeline", "Timeline", timelineSection],
  ["pace", "Over time", paceSection],
  ["statistics", "Statistics", statisticsSection],
  ["samples", "Samples", samplesSection],
  ["failures", "Failures", failuresSection],
  ["quarantine", "Quarantine", quarantineSection],
  ["fields", "Fields", fieldsSection],
  ["recipe", "Recipe", recipeSection],
  ["environment", "Environment", environmentSection],
  ["events", "Events", eventsSection],
];

/** What people chose, by section: it stays when a report follows another. */
const choices = Object.fromEntries(SECTIONS.map(([name]) => [name, {}]));

/** Shows a report, and may be called again with a newer one. A section whose part cannot be shown costs no other. */
function show(report) {
  const built = SECTIONS.map(([name, title, build]) => [name, title, safely(name, () => build(report, choices[name]))]);
  const sections = built.filter(([, , node]) => node);
  const page = document.getElementById("page");
  page.className = "wide";
  repaint.forEach((draw) => draw() === false && repaint.delete(draw));
  page.replaceChildren(...sections.map(([name, title, node]) =>
    el("section", {id: name, "aria-labelledby": `${name}-title`}, el("h2", {id: `${name}-title`}, title), node)),
  el("footer", null, report.remarks.map((remark) => el("p", null, `Note: ${remark}`)),
    el("p", null, `Made ${time(report.made_at)} UTC by ${report.made_by}.`)));
  const top = header(report, sections);
  const old = document.querySelector("header.top");
  if (old) old.replaceWith(top);
  else document.body.insertBefore(top, page);
}

function header(report, sections) {
  return el("header", {class: "top"}, el("div", null,
    el("div", {class: "name"}, el("h1", null, report.overview.job_id), pill(report.overview.status),
      report.overview.progress.total_partitions ? el("span", {class: "soft"}, percent(report.overview.progress.progress_percentage / 100)) : null),
    el("nav", {"aria-label": "Sections"}, sections.map(([name, title]) => el("a", {href: `#${name}`}, title)))));
}

function safely(name, build) {
  try {
    const node = build();
    return Array.isArray(node) ? el("div", null, node) : node;
  } catch (error) {
    console.error(name, error);
    return el("p", {class: "bad"}, `This part of the report cannot be shown: ${error.message}`);
  }
}

function drawEverythingAgain() {
  drawAllAgain();
  repaint.forEach((draw) => draw() === false && repaint.delete(draw));
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawEverythingAgain);
// Paper has colours of its own, and shows what is open.
addEventListener("beforeprint", drawEverythingAgain);
addEventListener("afterprint", drawEverythingAgain);

show(JSON.parse(document.getElementById("report").textContent));
// The browser looked for the place before there was any.
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
