// A run as it happens: the events of the server go into the model of the report, which shows what has changed.

/** The report is drawn again at most this often, in milliseconds. */
const DRAW = 200;

class Live {
  constructor() {
    const address = new URLSearchParams(location.search);
    this.id = address.get("id");
    this.page = new Page({ file: address.get("file") ?? undefined });
    this.page.live = this;
    this.told = this.facts = null;
    this.started = this.pressed = this.stale = false;
    this.dialogs = new Dialogs(this);
    this.bar = new Bar(this);
    // An element that is made anew between pressing and releasing a button is not clicked.
    addEventListener("pointerdown", () => (this.pressed = true), true);
    for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, () => setTimeout(() => ((this.pressed = false), this.soon())), true);
    const which = new URLSearchParams(["id", "file", "source"].filter((name) => address.has(name)).map((name) => [name, address.get(name)]));
    ask("api/runs?size=1").then(({ read_only }) => ((this.readOnly = read_only), this.bar.draw()), () => {});
    new Listener(`api/run?${which}`, { snapshot: (text) => this.snapshot(text), lines: (text) => this.lines(text), facts: (text) => this.hear(text) }, (state) => showState(this.bar.connection, state));
  }

  /** Everything anew. What a person has selected stays. */
  snapshot(text) {
    const { page } = this;
    const before = page.run?.number;
    page.model = new Model();
    page.graph.layouts.clear();
    // The new model counts its events from the start, so an equal count does not mean that nothing is new.
    page.touched = null;
    this.take(text);
    if (this.started) {
      const run = page.model.runs.get(before) ?? page.model.threads.at(-1)?.runs.at(-1) ?? null;
      page.run = run;
      page.thread = page.shownThread = run?.thread ?? null;
      page.entry = page.lane = page.row = null;
    }
    this.soon();
  }

  lines(text) {
    this.take(text);
    this.soon();
  }

  take(text) {
    for (const line of text.split("\n")) if (line.trim()) this.page.model.line(line);
  }

  /** It comes after all that has been recorded so far. */
  hear(text) {
    this.told = JSON.parse(text);
    this.facts = this.told.facts;
    // A test is made of the file of a record.
    this.page.header.test.hidden = !this.told.recorded;
    this.bar.draw();
    if (!this.started) this.start();
    else if (this.page.thread) this.refresh(true);
  }

  start() {
    const { page } = this;
    this.started = true;
    const own = this.id != null && !location.hash ? this.ownThread() : null;
    if (own) {
      page.showThread(own);
      page.started = true;
    } else page.start();
    document.documentElement.dataset.ready = Math.round(performance.now());
  }

  /** The run that the page was opened for. */
  ownThread() {
    return this.page.model.threads.findLast((thread) => thread.id === this.id);
  }

  soon() {
    this.stale = true;
    if (this.timer || this.pressed || !this.started) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.pressed || !this.stale) return;
      this.refresh(false);
    }, DRAW);
  }

  /** Draws what has changed. The side stays as it is while nothing in it changes, so that what a person has opened there stays open. */
  refresh(all) {
    const { page } = this;
    this.stale = false;
    if (!page.thread) return page.model.threads.length ? page.readAddress() : page.header.draw();
    const { tree } = page.timeline;
    const atEnd = tree.scrollTop > 0 && tree.scrollTop + tree.clientHeight >= tree.scrollHeight - 8;
    // A run that resumes goes on in the record under another number.
    if (!page.selected && !page.run.outer) page.run = page.thread.runs.at(-1);
    page.timeline.build();
    page.resolve(page.selected, page.run);
    const side = this.sideNow();
    if (all || side !== this.side) page.render();
    else {
      if (document.activeElement !== page.header.choose) page.header.draw();
      page.graph.draw();
      page.timeline.draw();
    }
    this.side = side;
    if (atEnd) tree.scrollTop = tree.scrollHeight;
  }

  /** What the side shows, in short. */
  sideNow() {
    const { side, selected, field, entry, run, thread } = this.page;
    const inner = entry?.kind === "step" ? (entry.run.children.get(entry.number) ?? []).map((run) => [run.steps.length, !run.end]) : entry?.inner?.entries.length;
    const own = entry && [entry.outcome, entry.attempts?.length, entry.execs?.length, entry.notes?.length, inner];
    const whole = side === "step" && entry ? null : [thread.runs.length, run.steps.length, run.steps.at(-1)?.outcome, run.end !== null];
    return JSON.stringify([side, selected, field, run.number, own, whole]);
  }

  /** The last finished step, or the one that is selected. */
  selectedStep() {
    const { entry, run } = this.page;
    if (entry?.kind === "step" && !entry.run.outer) return entry.outcome === "taken" ? entry.number : entry.number - 1;
    return this.facts.history.at(-1)?.step ?? run.steps.length;
  }

  /** The last step that the record of this run has finished. */
  lastRecorded() {
    const runs = this.ownThread()?.runs ?? [];
    return Math.max(0, ...runs.flatMap((run) => run.steps.slice(-2)).filter((step) => step.outcome === "taken").map((step) => step.number));
  }

  /** In place of the commands of the report: what this page does itself. */
  goOnPart(entry, forks) {
    const { facts, dialogs, readOnly } = this;
    if (!facts || readOnly) return null;
    const button = (label, onclick) => h("button", { type: "button", onclick }, label);
    const buttons = [];
    if (entry.outcome === "suspended" && facts.status === "waiting" && facts.wait && !facts.filled) buttons.push(button("Answer", () => dialogs.answer()));
    const step = entry.outcome === "taken" ? entry.number : entry.number - 1;
    if (forks && !entry.run.outer && !facts.outer && facts.history.some((one) => one.step === step)) {
      const where = entry.outcome === "taken" ? "after" : "before";
      buttons.push(button(`Fork ${where} this step`, () => dialogs.fork(step)), button(`Rewind to ${where} this step`, () => dialogs.rewind(step)));
    }
    return buttons.length > 0 && part("Go on from here", h("div", { class: "buttons" }, buttons));
  }
}

new Live();
