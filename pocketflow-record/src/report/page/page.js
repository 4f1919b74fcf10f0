// The page: what is selected, and the views of it.

class Page {
  /** `about` is what the program that made the page knows: the file of the record, and the graph of the program now. */
  constructor(about) {
    this.about = about;
    this.model = new Model();
    this.thread = null;
    this.run = null;
    this.entry = null;
    this.lane = null;
    this.row = null;
    this.selected = null;
    this.field = null;
    this.pane = "run";
    this.side = "run";
    this.filter = { search: "", errors: false };
    this.news = document.getElementById("news");
    this.timeline = new Timeline(this);
    this.graph = new GraphView(this);
    this.header = new Header(this);
    this.search = h("input", {
      type: "search",
      id: "search",
      placeholder: "Search",
      "aria-label": "Search the steps",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.searched(),
    });
    this.errors = h(
      "button",
      { type: "button", id: "errors", "aria-pressed": "false", onclick: () => this.setErrors(!this.filter.errors) },
      "Errors only",
    );
    show(document.getElementById("tools"), this.search, this.errors, this.timeline.sortLabel, this.timeline.zoom);
    document.getElementById("steps").append(...this.timeline.elements());
    document.getElementById("graph").append(...this.graph.elements());
    this.panes = ["steps", "graph", "step", "field", "run"].map((pane) => document.getElementById(`to-${pane}`));
    for (const button of this.panes) button.addEventListener("click", () => this.openPane(button.id.slice(3), false));
    this.keys = new Keys(this);
    addEventListener("hashchange", () => location.hash !== this.address && this.readAddress());
  }

  /** Shows the record for the first time. */
  start() {
    this.readAddress();
    this.started = true;
  }

  /** Shows what has happened since. */
  refresh() {
    if (!this.thread) return this.readAddress();
    this.timeline.build();
    this.resolve(this.selected);
    this.render();
  }

  /** Goes to what the address says, or to what is most likely wanted: what failed, or what a run waits for. */
  readAddress() {
    const address = new URLSearchParams(location.hash.slice(1));
    this.filter = { search: address.get("q") ?? "", errors: address.has("errors") };
    this.search.value = this.filter.search;
    this.errors.setAttribute("aria-pressed", this.filter.errors);
    const run = this.model.runs.get(Number(address.get("run") ?? NaN));
    if (!run) return this.begin();
    const number = (name) => (address.has(name) ? Number(address.get(name)) : "");
    const step = run.byStep.get(number("step"));
    let key = run.outer ? `r${run.number}` : null;
    if (address.has("flow")) key = `f${run.number}.${number("flow")}`;
    else if (step && (address.has("item") || address.has("branch")))
      key = `l${run.number}.${step.number}.${number("branch")}.${number("item")}`;
    else if (step) key = `s${run.number}.${step.number}`;
    else if (address.has("resumed")) key = `p${run.number}`;
    this.thread = run.thread;
    this.field = address.get("field");
    const fallback = this.field !== null ? "field" : key && !key.startsWith("r") ? "step" : "run";
    this.goTo(key, run, { pane: PANES.includes(address.get("pane")) ? address.get("pane") : fallback });
  }

  begin() {
    const { threads } = this.model;
    const thread = threads.find((thread) => runState(thread.runs.at(-1)) === "failed") ?? threads.at(-1);
    if (!thread) return this.header.draw();
    this.showThread(thread);
  }

  showThread(thread) {
    this.thread = thread;
    this.field = null;
    this.timeline.tree.scrollTop = 0;
    const step = culprit(thread.runs.at(-1));
    this.goTo(step ? keyOf(step) : null, thread.runs.at(-1), {
      pane: step ? (this.isNarrow() ? "steps" : "step") : this.isNarrow() ? "steps" : "run",
    });
  }

  /** Selects a row of the timeline. */
  select(key, { pane } = {}) {
    this.goTo(key, null, { pane: pane ?? (this.side === "field" ? null : "step"), stay: !pane });
  }

  selectEntry(entry, options) {
    this.select(keyOf(entry), options);
  }

  selectLane(lane) {
    this.select(keyOfLane(lane), { pane: "step" });
  }

  selectRun(run) {
    this.goTo(run.outer ? `r${run.number}` : null, run, { pane: "run" });
  }

  showField(field, run) {
    this.field = field;
    if (run && run !== this.run) this.goTo(run.outer ? `r${run.number}` : this.selected, run, { pane: "field" });
    else this.openPane("field", false);
    this.writeAddress();
  }

  /** Selects a key, which may be null for a run as a whole. On a narrow screen, `stay` keeps the pane that is shown. */
  goTo(key, run, { pane, stay }) {
    this.resolve(key, run);
    if (this.entry || this.run.outer) this.reach(key);
    if (!this.timeline.axis || this.shownThread !== this.thread) this.timeline.build();
    this.shownThread = this.thread;
    this.row = this.timeline.rows.list[this.timeline.rows.at.get(key)] ?? null;
    if (pane && ["step", "field", "run"].includes(pane))
      this.side = this.row?.kind === "run" && pane === "step" ? "run" : pane;
    if (pane && !(stay && this.isNarrow())) this.pane = pane === "step" ? this.side : pane;
    if (this.field !== null && !this.run.fields.has(this.field)) this.field = null;
    this.render();
    this.timeline.reveal();
    this.announce();
    this.writeAddress();
  }

  /** Finds what a key stands for. */
  resolve(key, run = null) {
    const [kind, numbers] = [key?.[0], key?.slice(1).split(".") ?? []];
    const of = this.model.runs.get(Number(numbers[0])) ?? run ?? this.run ?? this.thread.runs.at(-1);
    this.selected = key;
    this.run = of;
    this.thread = of.thread;
    this.entry = this.lane = null;
    if (kind === "s" || kind === "l") this.entry = of.byStep.get(Number(numbers[1])) ?? null;
    if (kind === "f")
      this.entry =
        of.visits
          .concat(of.entries.flatMap(visitsIn))
          .map((visit) => visit.entry)
          .find((entry) => entry?.order === Number(numbers[1])) ?? null;
    if (kind === "l" && this.entry)
      this.lane =
        lanesOf(this.entry).find(
          (lane) => `${lane.branch ?? ""}.${lane.item ?? ""}` === `${numbers[2]}.${numbers[3]}`,
        ) ?? null;
    this.row = this.timeline.rows.at?.has(key) ? this.timeline.rows.list[this.timeline.rows.at.get(key)] : null;
  }

  /** Opens the rows around what is selected, and drops a filter that hides it. */
  reach(key) {
    const { rows } = this.timeline;
    if (rows.at?.has(key) && this.shownThread === this.thread) return;
    if (this.lane) rows.open.set(keyOf(this.entry), true);
    if (this.lane?.branch != null) rows.open.set(keyOfLane({ ...this.lane, item: null }), true);
    for (let visit = this.entry?.visit; visit?.entry; visit = visit.entry.visit)
      rows.open.set(keyOf(visit.entry), true);
    for (let run = this.run; run.outer; run = run.outer) {
      if (run !== this.run || this.entry) rows.open.set(`r${run.number}`, true);
      if (run.of) rows.open.set(keyOf(run.of), true);
      for (let visit = run.of?.visit; visit?.entry; visit = visit.entry.visit) rows.open.set(keyOf(visit.entry), true);
    }
    this.timeline.build();
    if (rows.at.has(key) || !rows.filters) return;
    this.setFilter({ search: "", errors: false });
  }

  searched() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.setFilter({ ...this.filter, search: this.search.value }), 120);
  }

  setErrors(errors) {
    this.setFilter({ ...this.filter, errors });
  }

  setFilter(filter) {
    this.filter = filter;
    if (this.search.value !== filter.search) this.search.value = filter.search;
    this.errors.setAttribute("aria-pressed", filter.errors);
    this.timeline.build();
    this.timeline.reveal();
    this.writeAddress();
  }

  /** Shows a pane, and lets the keyboard go there if `focus` says so. */
  openPane(pane, focus) {
    this.pane = pane;
    if (["step", "field", "run"].includes(pane)) this.side = pane;
    this.render();
    if (pane === "steps") this.timeline.reveal();
    if (focus) document.querySelector("#side h2")?.focus();
    this.writeAddress();
  }

  isNarrow() {
    return matchMedia("(max-width: 60rem)").matches;
  }

  render() {
    const focused = document.activeElement;
    this.draw();
    if (focused === document.body || document.activeElement !== document.body) return;
    // What had the focus was taken out of the page, or was made anew: the keyboard goes on where it was.
    if (focused.isConnected) return focused.focus({ preventScroll: true });
    const again = focused.tagName === "SELECT" ? "#side select" : "#side h2";
    document.querySelector(again)?.focus({ preventScroll: true });
  }

  draw() {
    const main = document.querySelector("main");
    main.dataset.pane = this.pane;
    main.dataset.side = this.side;
    for (const button of this.panes) {
      const pane = button.id.slice(3);
      button.toggleAttribute("data-shown", pane === this.pane);
      button.setAttribute(
        "aria-pressed",
        pane === (["step", "field", "run"].includes(this.pane) || this.isNarrow() ? this.pane : this.side),
      );
    }
    const panes = { step: stepPane, field: fieldPane, run: runPane };
    const side = document.getElementById("content");
    const shown = `${this.side} ${this.selected} ${this.run?.number} ${this.field}`;
    const touched = (this.side === "step" && this.entry?.kind === "step" ? this.entry : this.run)?.touched;
    // What a person reads is left alone while nothing new is in it.
    if (shown !== this.shown || touched !== this.touched) show(side, panes[this.side](this));
    if (shown !== this.shown) side.parentElement.scrollTop = 0;
    Object.assign(this, { shown, touched });
    this.header.draw();
    this.graph.draw();
    if (this.timeline.axis) this.timeline.draw();
  }

  /** Tells a screen reader what is selected. */
  announce() {
    if (!this.started || !this.row) return;
    const element = this.timeline.window.querySelector("[aria-selected=true]");
    this.say(element?.getAttribute("aria-label") ?? "");
  }

  say(text) {
    this.news.textContent = escaped(text);
  }

  async copy(text) {
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const box = h("textarea", { class: "hidden" });
      box.value = text;
      document.body.append(box);
      box.select();
      copied = document.execCommand("copy");
      box.remove();
    }
    this.toast(copied ? `Copied: ${text}` : `Not copied: the browser does not allow it. ${text}`);
  }

  toast(text) {
    this.say(text);
    const toast = document.getElementById("toast");
    show(toast, visible(text));
    toast.hidden = false;
    clearTimeout(this.toasting);
    this.toasting = setTimeout(() => (toast.hidden = true), 4000);
  }

  /** Keeps the selection in the address. Not at every step of a key that is held down: browsers limit that. */
  writeAddress() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      const address = new URLSearchParams();
      address.set("run", this.run.number);
      const { entry, lane } = this;
      if (entry?.kind === "flow") address.set("flow", entry.order);
      else if (entry) address.set("step", entry.number);
      if (this.row?.kind === "resumed") address.set("resumed", "");
      if (lane?.branch != null) address.set("branch", lane.branch);
      if (lane?.item != null) address.set("item", lane.item);
      if (this.field !== null) address.set("field", this.field);
      if (this.filter.search) address.set("q", this.filter.search);
      if (this.filter.errors) address.set("errors", "");
      if (this.side !== (this.field !== null ? "field" : entry ? "step" : "run") || this.pane !== this.side)
        address.set("pane", this.pane);
      this.address = `#${address.toString().replaceAll("=&", "&").replace(/=$/, "")}`;
      history_replace(this.address);
    }, 150);
  }
}

const PANES = ["steps", "graph", "step", "field", "run"];

/** The key of the row of an entry. */
const keyOf = (entry) =>
  entry.kind === "flow" ? `f${entry.run.number}.${entry.order}` : `s${entry.run.number}.${entry.number}`;

/** The step to look at first: the innermost one that failed, or that the run waits in. */
function culprit(run) {
  const step = run.steps.findLast((step) => step.outcome === "failed" || step.outcome === "suspended");
  if (!step || !run.end || (!run.end.suspended && !failed(run.end))) return null;
  const inner = (run.children.get(step.number) ?? []).map(culprit).find((step) => step);
  return inner ?? step;
}

function history_replace(address) {
  try {
    history.replaceState(null, "", address);
  } catch {
    location.replace(address);
  }
}
