// Elements are made here and nowhere else, and texts become text nodes: nothing that is data is ever read as markup.

const NO_VALUE = "–";

/** Makes an element. Properties are set as attributes, `on…` as listeners; `null` children are left out. */
function el(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** As `el`, for the parts of a drawing. */
function svg(tag, properties, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    // The policy of the page forbids style attributes; a property isn't an attribute.
    else if (name === "width%") node.style.setProperty("--w", `${Math.max(0, Math.min(100, value))}%`);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(String(child))));
  }
}

/** Control characters and those that turn the direction of writing would hide what a text says. */
function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/g,
    (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
}

/** A table: columns are `{title, num, text}`, rows are lists of cells. */
function table(columns, rows, properties) {
  const kind = (column) => (column.num ? "num" : column.text ? "text" : null);
  const head = columns.map((column) => el("th", {scope: "col", class: kind(column)}, column.title));
  const cell = (value, at) => el("td", {class: kind(columns[at]), "data-name": columns[at].title}, value ?? NO_VALUE);
  const body = rows.map((row) => {
    const {cells, ...attributes} = Array.isArray(row) ? {cells: row} : row;
    return el("tr", attributes, cells.map(cell));
  });
  return el("div", {class: "scroll"}, el("table", properties, el("thead", null, el("tr", null, head)), el("tbody", null, body)));
}

/** Pairs of a name and a value; those without a value are left out. */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", {class: "facts"}, known.map(([name, value]) => [el("dt", null, name), el("dd", null, value)]));
}

/** Something that is built only when somebody opens it. Its key says what it is, when the section is built again. */
function folded(key, summary, build, isOpen) {
  const body = el("div");
  const open = () => {
    if (node.open && !body.hasChildNodes()) append(body, [build()]);
  };
  const node = el("details", {ontoggle: open, "data-key": key}, el("summary", null, summary), body);
  node.buildNow = () => { node.open = true; open(); };
  if (isOpen) node.buildNow();
  return node;
}

function select(label, options, value, onchange) {
  const option = ([name, title]) => el("option", {value: name, selected: name === value}, title);
  return el("label", null, label, el("select", {onchange: (event) => onchange(event.target.value)}, options.map(option)));
}

function legend(items) {
  return el("div", {class: "legend"}, items.map(([kind, title]) => el("span", null, el("i", {class: kind}), title)));
}

/** The value of a colour of the style sheet, for canvases. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Makes a canvas this high and as wide as its place; returns what draws on it, or null where there is no room. */
function drawingOn(canvas, height) {
  const width = canvas.clientWidth;
  if (width < 20) return null;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  const draw = canvas.getContext("2d");
  draw.scale(scale, scale);
  return draw;
}

/** Draws when a node has another width. In the next frame: what is drawn may change the layout again. */
function onResize(node, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (node.clientWidth === width) return;
    width = node.clientWidth;
    requestAnimationFrame(draw);
  }).observe(node);
}
