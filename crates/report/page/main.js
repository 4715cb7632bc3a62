// The page of a job: its sections, and the members of the report that each is made from.

const show = sectionsOf([
  {name: "overview", title: "Overview", build: overviewSection, of: ["overview", "environment"]},
  {name: "findings", title: "What stands out", build: findingsSection, of: ["findings"]},
  {name: "funnel", title: "Operators", build: funnelSection, of: ["operators", "overview", "partitions"]},
  {name: "mixture", title: "Mixture", build: mixtureSection, of: ["mixture"]},
  {name: "duplicates", title: "Duplicates", build: duplicatesSection, of: ["deduplication", "losses"]},
  {name: "partitions", title: "Partitions", build: gridSection, of: ["partitions", "operators", "overview"]},
  {name: "timeline", title: "Timeline", build: timelineSection, of: ["timeline", "stragglers"]},
  {name: "pace", title: "Over time", build: paceSection, of: ["pace", "resources"]},
  {name: "statistics", title: "Statistics", build: statisticsSection, of: ["statistics", "operators"],
    // Of an analysis, people want to see the statistics first.
    leads: (report) => report.statistics?.judged},
  {name: "samples", title: "Samples", build: samplesSection, of: ["samples"]},
  {name: "failures", title: "Failures", build: failuresSection, of: ["errors"]},
  {name: "quarantine", title: "Quarantine", build: quarantineSection, of: ["quarantine"]},
  {name: "fields", title: "Fields", build: fieldsSection, of: ["fields"]},
  {name: "recipe", title: "Recipe", build: recipeSection, of: ["recipe"]},
  {name: "environment", title: "Environment", build: environmentSection, of: ["environment"]},
  {name: "events", title: "Events", build: eventsSection, of: ["events"]},
], reportTop, reportFoot);

function reportTop(report, names) {
  const {job_id: id, status, progress} = report.overview;
  return el("header", {class: "top"}, el("div", null,
    el("div", {class: "name"}, isServed() ? el("a", {href: "../"}, "Jobs") : null, el("h1", null, id), pill(status),
      progress.total_partitions ? el("span", {class: "soft"}, percent(progress.progress_percentage / 100)) : null, livePill()),
    el("nav", {"aria-label": "Sections"}, names.map(([name, title]) => el("a", {href: `#${name}`}, title)))));
}

function reportFoot(report) {
  return [report.remarks.map((remark) => el("p", null, `Note: ${remark}`)),
    el("p", null, `Made ${time(report.made_at)} UTC by ${report.made_by}.`)];
}

begin(show);
