// The keyboard.

const HELP = [
  ["J, ↓", "the next row"],
  ["K, ↑", "the row before"],
  ["→, ←", "open or close a row"],
  ["Enter", "read about the selected row"],
  ["N, Shift+N", "the next or previous error"],
  ["E", "errors only, or everything"],
  ["/", "search"],
  ["G", "go to the graph; arrows move, Enter selects"],
  ["S, F, R", "the panes of the step, of the fields and of the run"],
  ["C", "copy the command for a test"],
  ["T", "theme"],
  ["Escape", "drop the search and the filter"],
  ["?", "this help"],
];

class Keys {
  constructor(page) {
    this.page = page;
    this.on = kept("keys") !== "off";
    document.addEventListener("keydown", (event) => this.pressed(event));
    const box = h("input", { type: "checkbox", onchange: (event) => this.turn(event.target.checked) });
    box.checked = this.on;
    this.dialog = document.getElementById("help");
    show(
      this.dialog,
      h("h2", null, "Keys"),
      h(
        "dl",
        { class: "keys" },
        HELP.map(([key, what]) => [h("dt", null, h("kbd", null, key)), h("dd", null, what)]),
      ),
      h("p", null, h("label", null, box, " Use single letters as keys")),
      h("h2", null, "The drawing"),
      h(
        "p",
        null,
        "Strong lines were taken, with how often; pale ones were not. 2/3 is a bound: taken twice, at most three times. Dashed lines are for failures. The numbers in a box are visits, failed attempts and time.",
      ),
      h("form", { method: "dialog" }, h("button", null, "Close")),
    );
  }

  turn(on) {
    this.on = on;
    keep("keys", on ? "on" : "off");
  }

  help() {
    this.dialog.showModal();
    this.dialog.querySelector("button").focus();
  }

  pressed(event) {
    const { page } = this;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || this.dialog.open) return;
    const field = event.target.closest?.("input, select, textarea");
    if (event.key === "Escape") {
      if (field === page.search || page.filter.search || page.filter.errors)
        page.setFilter({ search: "", errors: false });
      page.timeline.tree.focus();
      return;
    }
    if (field === page.search && ["Enter", "ArrowDown"].includes(event.key)) {
      page.timeline.tree.focus();
      if (!page.timeline.rows.at.has(page.selected)) page.timeline.move(1);
      event.preventDefault();
      return;
    }
    if (field || !page.thread) return;
    const idle = event.target === document.body || event.target.closest?.("#steps");
    const arrows = { ArrowDown: () => page.timeline.move(1), ArrowUp: () => page.timeline.move(-1) };
    const letters = {
      j: () => page.timeline.move(1),
      k: () => page.timeline.move(-1),
      e: () => page.setErrors(!page.filter.errors),
      "/": () => this.search(),
      g: () => this.toGraph(),
      n: () => page.timeline.move(1, hidesError),
      N: () => page.timeline.move(-1, hidesError),
      s: () => page.openPane("step", true),
      f: () => page.openPane("field", true),
      r: () => page.openPane("run", true),
      c: () => page.header.copyTest(),
      t: () => page.header.nextTheme(),
      "?": () => this.help(),
    };
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    const act = (idle && arrows[key]) || (this.on && letters[key === "J" || key === "K" ? key.toLowerCase() : key]);
    if (!act) return;
    event.preventDefault();
    act();
  }

  search() {
    if (this.page.isNarrow()) this.page.openPane("steps", false);
    this.page.search.focus();
    this.page.search.select();
  }

  toGraph() {
    if (this.page.isNarrow()) this.page.openPane("graph", false);
    this.page.graph.drawing.querySelector("[tabindex='0']")?.focus();
  }
}
