// Elements. Nothing of a record is ever parsed as HTML: texts become text nodes, and nothing else.

/** Makes an element. Attributes that are null or false are left out, and `on…` are listeners. */
function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG. */
function svg(tag, attributes, ...children) {
  // An element of a drawing has nothing that keeps the direction of a text to itself.
  const plain = children.map((child) => (typeof child === "string" ? escaped(child) : child));
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, plain);
}

/** Attributes with texts that a person reads or hears. */
const SPOKEN = new Set(["aria-label", "title"]);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : SPOKEN.has(name) ? escaped(value) : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child == null || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

/** Replaces what an element contains. */
function show(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** A text of a record, in which characters that nobody sees are written as escapes. */
function visible(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push(h("span", { class: "escape" }, escape(match[0])));
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  // A text from right to left must not move what stands next to it.
  return h("bdi", null, parts);
}

/** The same as a text, for places that have no elements. Its direction ends with it. */
const inline = (text) => `\u2068${escaped(text)}\u2069`;

/** A text without characters that nobody sees. */
const escaped = (text) => text.replace(HIDDEN, escape);

/** A text in which single words between backquotes are shown as code. */
function words(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", null, visible(part)) : part));
}

/** A button that looks like a link. */
function link(label, onclick, attributes) {
  return h("button", { type: "button", class: "link", onclick, ...attributes }, label);
}

/** A titled part of a pane. It is left out if it would be empty. */
function part(title, ...children) {
  const content = children.flat(3).filter((child) => child != null && child !== false);
  return content.length ? h("section", { class: "part" }, h("h3", null, title), content) : null;
}

/** A list of terms and what they are. */
function terms(pairs) {
  const shown = pairs.filter((pair) => pair && pair[1] != null && pair[1] !== false && pair[1] !== "");
  return shown.length
    ? h(
        "dl",
        null,
        shown.map(([term, value]) => [h("dt", null, term), h("dd", null, value)]),
      )
    : null;
}

/** A table with a head. Columns whose title begins with `#` have numbers. */
function table(caption, head, rows) {
  const number = head.map((title) => (title.startsWith("#") ? "number" : null));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          head.map((title, i) => h("th", { scope: "col", class: number[i] }, title.replace(/^#/, ""))),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map(({ cells, ...attributes }) =>
          h(
            "tr",
            attributes,
            cells.map((cell, i) => h("td", { class: number[i] }, cell)),
          ),
        ),
      ),
    ),
  );
}

/** The first `count` of many, and a button for the next ones. `make` makes the element of one. */
function firstOf(all, count, make, list = h("ul", { class: "plain" })) {
  if (!all.length) return null;
  let shown = 0;
  const more = link("", () => grow(), { class: "link more" });
  const grow = () => {
    for (const end = Math.min(shown + count, all.length); shown < end; shown++) list.append(make(all[shown], shown));
    const left = all.length - shown;
    more.textContent = `Show ${number(Math.min(count, left))} more of ${number(left)}`;
    if (!left) more.remove();
  };
  const box = [list, more];
  grow();
  return all.length > shown ? box : [list];
}
