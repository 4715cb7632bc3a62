// A page of sections, of which those are built again whose data changed. What people opened, chose and scrolled to stays.

/** What is drawn on canvases, to be drawn again in other colours. */
const repaint = new Set();

/**
 * Shows data as sections, and again as it changes. A section is `{name, title, build, of}`, where `of` names the members of
 * the data that it is made from; with `leads`, it comes first where that says so of the data. `top` and `foot` build what is above and below. Returns what takes changed members.
 */
function sectionsOf(sections, top, foot) {
  const page = document.getElementById("page");
  page.className = "wide";
  /** What people chose, by section. */
  const choices = Object.fromEntries(sections.map(({name}) => [name, {}]));
  const waiting = new Set(sections.map(({name}) => name));
  let data = {};

  /** Puts a section in its place among those that are there, or takes it away. */
  const place = (section) => {
    const old = document.getElementById(section.name);
    const body = safely(section.name, () => section.build(data, choices[section.name]));
    if (!body) {
      old?.remove();
      return;
    }
    const title = el("h2", {id: `${section.name}-title`}, section.title);
    const node = el("section", {id: section.name, "aria-labelledby": `${section.name}-title`}, title, body);
    if (old) {
      carryOpen(old, node);
      const back = heldIn(old);
      old.replaceWith(node);
      back(node);
    } else {
      const later = sections.slice(sections.indexOf(section) + 1).map(({name}) => document.getElementById(name));
      page.insertBefore(node, later.find(Boolean) ?? page.querySelector("footer"));
    }
  };
  const draw = () => keepingPlace(() => {
    const leads = ({leads}) => Boolean(leads?.(data));
    sections = [...sections.filter(leads), ...sections.filter((section) => !leads(section))];
    for (const section of sections) {
      if (!waiting.has(section.name) || isInUse(section.name)) continue;
      waiting.delete(section.name);
      place(section);
    }
    const names = sections.filter(({name}) => document.getElementById(name)).map(({name, title}) => [name, title]);
    replaceOrAdd("header.top", top(data, names), (node) => document.body.insertBefore(node, page));
    replaceOrAdd("footer", el("footer", null, foot(data)), (node) => page.append(node));
    drawEverything(false);
  });
  // Sections that were in use take what is new once they are not.
  setInterval(() => waiting.size && draw(), 1000);
  return (changed) => {
    data = {...data, ...changed};
    sections.filter(({of}) => of.some((member) => member in changed)).forEach(({name}) => waiting.add(name));
    draw();
  };
}

function replaceOrAdd(selector, node, add) {
  const old = document.querySelector(selector);
  if (!old) return void add(node);
  const back = heldIn(old);
  old.replaceWith(node);
  back(node);
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

/** Opens in a new section what is open in the old one. */
function carryOpen(old, node) {
  const named = (parent, key) => [...parent.querySelectorAll("details")].find((one) => one.dataset.key === key);
  for (const before of old.querySelectorAll("details")) {
    const after = named(node, before.dataset.key);
    if (!after || after.open === before.open) continue;
    if (before.open) after.buildNow();
    else after.open = false;
  }
}

/** Remembers the focus and what is scrolled inside a node; returns what gives both to the node that takes its place. */
function heldIn(old) {
  const FOCUS = "a[href], button, select, input, canvas[tabindex], summary";
  const SCROLL = ".scroll, pre, nav";
  const focus = [...old.querySelectorAll(FOCUS)].indexOf(document.activeElement);
  const hasText = focus >= 0 && document.activeElement.matches("input[type=search]");
  const caret = hasText ? [document.activeElement.selectionStart, document.activeElement.selectionEnd] : null;
  const scrolled = [...old.querySelectorAll(SCROLL)].map((one) => [one.scrollLeft, one.scrollTop]);
  return (node) => {
    [...node.querySelectorAll(SCROLL)].forEach((one, at) => {
      if (scrolled[at]) [one.scrollLeft, one.scrollTop] = scrolled[at];
    });
    const focused = focus < 0 ? null : node.querySelectorAll(FOCUS)[focus];
    focused?.focus({preventScroll: true});
    if (caret && focused?.matches("input[type=search]")) focused.setSelectionRange(...caret);
  };
}

/** Until when a list of choices or a slider is in somebody's hands. */
let heldUntil = 0;
for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, (event) => {
    if (event.target instanceof Element && event.target.matches("select, input[type=range]")) heldUntil = Date.now() + 5000;
  }, {capture: true});
}
addEventListener("change", () => { heldUntil = 0; }, {capture: true});

/** Whether somebody would lose something if the section were built again now: marked text, or an open list of choices. */
function isInUse(name) {
  const section = document.getElementById(name);
  if (!section) return false;
  const marked = getSelection();
  if (marked && !marked.isCollapsed && section.contains(marked.anchorNode)) return true;
  return Date.now() < heldUntil && section.contains(document.activeElement);
}

/** Changes the page, and leaves what is being looked at where it is. */
function keepingPlace(change) {
  const top = document.querySelector("header.top")?.offsetHeight ?? 0;
  const sections = [...document.querySelectorAll("main > section")];
  // What is looked at is the section that begins in the upper half, else the one that goes through it.
  const begins = ({y}) => y > top - 1 && y < innerHeight / 2;
  const looked = sections.find((one) => begins(one.getBoundingClientRect()))
    ?? sections.find((one) => one.getBoundingClientRect().bottom > top + 1);
  const before = looked && scrollY > 0 ? looked.getBoundingClientRect().top : null;
  change();
  if (before === null) return;
  const settle = () => {
    const after = document.getElementById(looked.id);
    if (after) scrollBy(0, after.getBoundingClientRect().top - before);
  };
  // Charts get their heights in a microtask of their own: after it, and still before anything is painted.
  queueMicrotask(() => queueMicrotask(settle));
}

/** Draws what is on canvases; what has left the page is forgotten. */
function drawEverything(inOtherColours) {
  drawCharts(inOtherColours);
  repaint.forEach((draw) => draw() === false && repaint.delete(draw));
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawEverything(true));
// Paper has colours of its own, and shows what is open.
addEventListener("beforeprint", () => drawEverything(true));
addEventListener("afterprint", () => drawEverything(true));
