// Follows the server while a job runs. A page that is a file has no server to ask, and shows the data in it.

/** What the header says about it; empty on a page that is a file. */
let liveState = "";

const LIVE_STATES = {
  live: ["busy", "live"], lost: ["odd", "no connection, trying again"], over: ["", "not live: the job has ended"],
};

/** Whether the page comes from a server, which has others. */
function isServed() {
  return "served" in document.getElementById("page").dataset;
}

function livePill() {
  const [kind, text] = LIVE_STATES[liveState] || ["", ""];
  return el("span", {id: "live", class: `small ${kind || "soft"}`, role: "status"}, text);
}

function sayLive(state) {
  liveState = state;
  document.getElementById("live")?.replaceWith(livePill());
}

/**
 * Follows the server's account of what changed, from the version `since` on, until it says that there is no more.
 * A page that nobody looks at holds no connection: browsers allow each server only a few.
 */
function followChanges(place, since, take) {
  const AGAIN_AFTER = 2000;
  let last = since;
  let source = null;
  let again = 0;
  const close = () => {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  };
  const open = () => {
    close();
    source = new EventSource(`${place}?since=${encodeURIComponent(last)}`);
    source.onopen = () => sayLive("live");
    source.addEventListener("changed", (event) => {
      last = event.lastEventId;
      take(JSON.parse(event.data));
    });
    source.addEventListener("over", () => {
      close();
      document.removeEventListener("visibilitychange", look);
      sayLive("over");
    });
    source.onerror = () => {
      sayLive("lost");
      close();
      again = setTimeout(open, AGAIN_AFTER);
    };
  };
  const look = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", look);
  look();
}

/** Shows the data of the page, and follows what changes where the page says that it is live. */
function begin(show) {
  const page = document.getElementById("page");
  show(JSON.parse(document.getElementById("report").textContent));
  if (page.dataset.since) followChanges(`${location.pathname.replace(/\/$/, "")}/live`, page.dataset.since, show);
  // The browser looked for the place before there was any.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}
