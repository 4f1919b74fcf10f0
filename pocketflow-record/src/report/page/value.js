// Values: of any size, from anywhere.

/** So much of a text is shown at first, and so much more on request. */
const FIRST_TEXT = 1200,
  MORE_TEXT = 100000;
/** So many items of an array or members of an object are shown at a time. */
const FIRST_ITEMS = 50;

/** A value as an element. A text stands alone, a structure can be opened. */
function valueView(value, open = false) {
  if (value === undefined) return h("span", { class: "soft" }, "not in the record");
  if (value === null) return h("span", { class: "soft" }, "empty");
  if (isRedacted(value)) return h("span", { class: "mark" }, "redacted");
  if (isUnwritable(value)) return h("span", { class: "mark" }, "not recorded: ", visible(String(value.$unwritable)));
  if (typeof value === "string") return shortText(value);
  if (typeof value !== "object" || value instanceof Digits) return h("code", { class: "value" }, String(value));
  return treeView(value, open);
}

function shortText(text) {
  if (text === "") return h("span", { class: "soft" }, "an empty text");
  return text.length > 60 || text.includes("\n") ? textView(text) : h("code", { class: "value text" }, visible(text));
}

/** A text with its line breaks, and no more of it than a person asks for. */
function textView(text, shape = "text") {
  const box = h("pre", { class: shape });
  let shown = 0;
  const grow = (length) => {
    let end = Math.min(shown + length, text.length);
    if (/[\ud800-\udbff]/.test(text[end - 1])) end++;
    box.append(visible(text.slice(shown, end)));
    shown = Math.min(end, text.length);
  };
  grow(text.length <= FIRST_TEXT * 1.5 ? text.length : FIRST_TEXT);
  if (shown === text.length) return box;
  const more = link(
    "",
    () => {
      grow(MORE_TEXT);
      label();
    },
    { class: "link more" },
  );
  const label = () => {
    const left = text.length - shown;
    more.textContent =
      left > MORE_TEXT
        ? `Show ${number(MORE_TEXT)} more of ${number(left)} characters`
        : `Show the other ${count(left, "character")}`;
    if (!left) more.remove();
  };
  label();
  return h("div", null, box, more);
}

function treeView(value, open) {
  const list = Array.isArray(value);
  const keys = Object.keys(value);
  const size = list ? count(value.length, "item") : count(keys.length, "member");
  if (!keys.length) return h("code", { class: "value" }, list ? "[]" : "{}");
  return disclosure(
    [h("span", { class: "soft" }, size), " ", h("code", null, visible(preview(value, 90)))],
    () =>
      firstOf(
        keys,
        FIRST_ITEMS,
        (key) => h("li", null, h("span", { class: "key" }, visible(key)), " ", valueView(value[key])),
        h("ul", { class: "tree" }),
      ),
    open,
  );
}

/** Something that can be opened. Its content is made when it is first seen. */
function disclosure(title, make, open = false) {
  const body = h("div");
  const details = h("details", null, h("summary", null, title), body);
  const fill = () => body.childElementCount || show(body, make());
  details.addEventListener("toggle", () => details.open && fill());
  details.open = open;
  if (open) fill();
  return details;
}

/** A text with a button that copies it. */
function command(page, text, what) {
  return h(
    "div",
    { class: "command" },
    h("code", null, visible(text)),
    h("button", { type: "button", "aria-label": `Copy the command: ${what}`, onclick: () => page.copy(text) }, "Copy"),
  );
}

/** The chain of an error, from what happened to why. */
function chainView(chain, kind = "bad") {
  return h(
    "ol",
    { class: `chain ${kind}` },
    chain.map((text, index) =>
      h("li", null, index > 0 && h("span", { class: "soft" }, "because "), textView(text, "cause")),
    ),
  );
}

/** How a field changed. `open` shows the items of a new value, and not only how many there are. */
function changeView({ before, after }, open = false) {
  const change = difference(before, after);
  const soft = (text) => h("span", { class: "soft" }, text);
  const box = (kind, label, ...content) => h("div", { class: kind }, h("span", { class: "label" }, label), content);
  const whole = (label) => disclosure(soft(label), () => valueView(after.value, true));
  switch (change.kind) {
    case "emptied":
      return [box("before", "before", valueView(before?.value)), box("after", "after", soft("empty"))];
    case "same":
      return box("after", "written again, the same as before", valueView(after.value));
    case "filled":
      return box("after", before ? "filled, was empty" : "filled", valueView(after.value, open));
    case "added":
      return [
        box(
          "after",
          `${count(change.items.length, "item")} added${change.from ? ` to ${number(change.from)}` : ""}`,
          firstOf(
            change.items,
            5,
            (item, index) => h("li", null, h("span", { class: "key" }, change.from + index), " ", valueView(item)),
            h("ul", { class: "tree" }),
          ),
        ),
        whole("the whole list"),
      ];
    case "appended":
      return [
        box("after", `added after ${count(change.start, "character")}`, textView(change.text)),
        whole("the whole text"),
      ];
    case "middle":
      return [
        change.removed && box("before", "before", textView(change.removed)),
        box(
          "after",
          `after, from character ${number(change.start + 1)}`,
          change.text ? textView(change.text) : soft("nothing in its place"),
        ),
        whole("the whole text"),
      ];
    case "members":
      return [
        h(
          "ul",
          { class: "tree" },
          change.changed.map((key) =>
            h(
              "li",
              null,
              h("span", { class: "key" }, visible(key)),
              h(
                "div",
                null,
                box("before", "before", valueView(before.value[key])),
                box("after", "after", valueView(after.value[key])),
              ),
            ),
          ),
        ),
        whole("the whole value"),
      ];
    default:
      return [box("before", "before", valueView(before?.value)), box("after", "after", valueView(after.value, open))];
  }
}
