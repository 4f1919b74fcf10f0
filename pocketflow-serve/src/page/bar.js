// The bar above the report: what the run is at now, and what a person can do about it.

/** A run that can go on is taken up within this time, if there is a worker. In milliseconds. */
const PATIENCE = 8000;

class Bar {
  constructor(live) {
    this.live = live;
    this.box = document.getElementById("live");
    this.connection = h("span", { class: "connection", role: "status" });
    this.state = h("div", { class: "now" });
    this.buttons = h("div", { class: "buttons" });
    show(this.box, h("a", { href: "./", class: "back" }, "‹ Runs"), this.state, this.buttons, this.connection);
    setInterval(() => this.draw(), 5000);
  }

  draw() {
    const { told, facts } = this.live;
    if (!told) return;
    show(this.state, facts && statusChip(facts.status), " ", facts ? this.words(facts) : this.plain(told));
    const shape = JSON.stringify([facts?.status, facts?.wait, facts?.filled, facts?.owner, facts?.outer, facts?.history.length, this.live.readOnly]);
    // The menu stays open while nothing changes that concerns it.
    if (shape === this.shape) return;
    this.shape = shape;
    show(this.buttons, this.actions(facts));
  }

  plain(told) {
    if (told.problem) return h("span", { class: "bad" }, visible(told.problem));
    return h("span", { class: "soft" }, "A record. It cannot be changed here, because no database has the run.");
  }

  words(facts) {
    const since = ago(Date.now() - facts.updated);
    const code = (text) => h("code", null, visible(text));
    const parts = {
      waiting: () => this.waiting(facts, since, code),
      running: () => ["in step ", number(facts.step + 1), ", begun ", since, ", driven by process ", code(String(facts.owner).split("-")[0])],
      enqueued: () => [since, ". ", this.worker(facts)],
      orphaned: () => [facts.owner ? "Its process has gone. " : "No process has it. ", this.worker(facts)],
      failed: () => ["at ", moment(facts.updated * 1000)],
      stuck: () => ["at ", moment(facts.updated * 1000)],
      cancelled: () => ["at ", moment(facts.updated * 1000), facts.message && [": ", visible(facts.message)]],
      finished: () => [facts.exit && facts.exit !== "default" ? ["with ", code(facts.exit), " "] : "", "at ", moment(facts.updated * 1000)],
    };
    return h("span", { class: "words" }, parts[facts.status]?.(),
      facts.message && ["failed", "stuck", "orphaned"].includes(facts.status) && [". ", h("span", { class: "bad" }, visible(facts.message))],
      facts.outer && [". It is a part of ", h("a", { href: `run?${new URLSearchParams({ id: facts.outer })}` }, visible(facts.outer))],
      facts.inner.length > 0 && [". ", h("details", { class: "inner" }, h("summary", null, count(facts.inner.length, "inner run")), h("ul", { class: "plain" }, facts.inner.map(({ run, status }) => h("li", null, statusChip(status), " ", h("a", { href: `run?${new URLSearchParams({ id: run })}` }, visible(run))))))],
      this.behind(facts),
      !this.live.told.recorded && [". ", h("span", { class: "soft", title: "Steps are shown from the history that the database keeps. It has no attempts, and each step begins when the one before it was done. The first step shows all fields that are filled after it." }, "From the database: this run has no record.")]);
  }

  /** A process that did not record may have gone on with the run. */
  behind(facts) {
    const last = this.live.lastRecorded();
    if (!this.live.told.recorded || last >= facts.step) return null;
    return [". ", h("span", { class: "notice" }, `Its record ends with step ${number(last)}, and the run is after step ${number(facts.step)}. `),
      h("a", { href: `run?${new URLSearchParams({ id: facts.run, source: "database" })}` }, "Show the history in the database")];
  }

  waiting(facts, since, code) {
    if (facts.filled) return [facts.wait ? [code(facts.wait), " is filled"] : "An inner run is filled", ", ", since, ". ", this.worker(facts)];
    if (facts.next_attempt) return ["for ", visible(facts.next_attempt)];
    const wait = facts.wait ? ["for ", code(facts.wait)] : facts.inner_waits ? ["for ", count(facts.inner_waits, "inner run")] : "until its time is over";
    return [wait, ", asked ", since, facts.until && [", until ", moment(facts.until * 1000)], facts.message && [". ", h("span", { class: "bad" }, "The last answer was refused: ", visible(facts.message))]];
  }

  /** Whether there is a process that goes on with the run. */
  worker(facts) {
    const { work } = this.live.told;
    const flow = h("code", null, visible(facts.flow));
    if (work?.driving.length) return [count(work.driving.length, "process is", "processes are"), " at work on runs of ", flow, ", and may take it up."];
    const waits = Date.now() - Math.min(facts.updated, work?.ready_since ?? Infinity);
    if (waits > PATIENCE) return [h("strong", null, "No worker takes up runs of "), flow, `: for ${age(waits)} none has. Start its program.`];
    return ["It goes on when a worker for ", flow, " takes it up. If none is running, start its program."];
  }

  actions(facts) {
    if (!facts) return [];
    if (this.live.readOnly) return h("span", { class: "soft" }, "read-only");
    const { dialogs } = this.live;
    const button = (label, onclick, attributes) => h("button", { type: "button", onclick, ...attributes }, label);
    const { status } = facts;
    const primary = [];
    if (status === "waiting" && facts.wait && !facts.filled) primary.push(button("Answer", () => dialogs.answer(), { class: "primary" }));
    // The others are for the outermost run.
    if (facts.outer) return primary;
    if (["failed", "stuck", "cancelled"].includes(status)) primary.push(button("Retry", () => dialogs.confirm("Retry the run", "The run goes on after its last finished step. It needs a running worker, or its program.", "Retry", "retry"), { class: "primary" }));
    const more = [];
    if (!["finished", "cancelled"].includes(status)) more.push(button("Cancel…", () => dialogs.confirm("Cancel the run", facts.driven ? "The process that drives it stops when it stores something next." : "The run does not go on, and cannot be answered, before it is retried.", "Cancel the run", "cancel")));
    if (facts.history.length) more.push(button("Fork…", () => dialogs.fork(this.live.selectedStep())), button("Rewind…", () => dialogs.rewind(this.live.selectedStep())));
    if (status !== "finished") more.push(button("Edit the store…", () => dialogs.edit()));
    if (facts.owner) more.push(button("Release the lease…", () => dialogs.confirm("Release the lease", "Another process can take the run up at once. If the process that has it is alive, it stops, and its step runs once more.", "Release", "release")));
    const menu = more.length > 0 && h("details", { class: "menu" }, h("summary", null, "More"), h("div", null, more));
    menu?.addEventListener?.("click", (event) => event.target.closest("button") && (menu.open = false));
    return [primary, menu];
  }
}
