// The head of the page, and the theme.

class Header {
  constructor(page) {
    this.page = page;
    this.box = document.getElementById("head");
    this.choose = h("select", { onchange: (event) => page.showThread(page.model.threads[event.target.value]) });
    this.theme = h("button", { type: "button", onclick: () => this.nextTheme() });
    this.test = h(
      "button",
      { type: "button", id: "copy-test", onclick: () => this.copyTest() },
      "Copy the test command",
    );
    this.help = h("button", { type: "button", "aria-label": "Keys and help", onclick: () => page.keys.help() }, "?");
    this.setTheme(kept("theme") ?? "auto");
  }

  draw() {
    const { model, thread, about } = this.page;
    const notices = [
      about.cut_off && "The record is cut off: its last line is not whole, and was left out.",
      model.strange > 0 &&
        `${count(model.strange, "line")} of the record could not be used: ${model.strange === 1 ? "it is" : "they are"} about something that is missing.`,
    ].filter(Boolean);
    if (!thread) {
      show(
        this.box,
        h(
          "div",
          { class: "headline" },
          h("h1", null, "PocketFlow run"),
          h("p", null, "This record has no run yet."),
          notices.map((text) => h("p", { class: "notice" }, text)),
        ),
        this.tools(),
      );
      return;
    }
    const last = thread.runs.at(-1);
    const { graph } = thread.runs[0];
    const facts = [
      ["Time", last.ended == null ? "not ended" : duration(last.ended - thread.runs[0].began)],
      [
        "Steps",
        `${number(last.steps.at(-1)?.number ?? 0)}${last.max_steps == null ? "" : ` of at most ${number(last.max_steps)}`}`,
      ],
      thread.failedAttempts > 0 && [
        "Failed attempts",
        `${number(thread.failedAttempts)} of ${number(thread.attempts)}`,
      ],
      thread.tokens.counted > 0 && ["Tokens", `${number(thread.tokens.input)} in, ${number(thread.tokens.output)} out`],
      ["Graph", this.graphFact(thread)],
    ];
    show(
      this.box,
      h(
        "div",
        { class: "headline" },
        h("h1", null, visible(graph.title)),
        runResult(last),
        last.id != null && h("code", { class: "soft" }, visible(last.id)),
        this.threads(),
        terms(facts),
        notices.map((text) => h("p", { class: "notice" }, text)),
      ),
      this.tools(),
    );
    document.title = escaped(`${graph.title}: ${runResult(last).textContent}`);
  }

  graphFact(thread) {
    const { about } = this.page;
    const { graph } = thread.runs.at(-1);
    if (thread.runs.some((run) => run.graph.fingerprint !== graph.fingerprint)) return "changed during the run";
    if (about.fingerprint == null || about.flow !== graph.name)
      return h("code", null, visible(String(graph.fingerprint).slice(0, 8)));
    return about.fingerprint === graph.fingerprint ? "as recorded" : h("strong", null, "changed since");
  }

  tools() {
    return h("div", { class: "tools" }, this.test, this.theme, this.help);
  }

  /** The choice of a run, if there are several. */
  threads() {
    const { threads } = this.page.model;
    if (threads.length < 2) return null;
    if (this.choose.childElementCount !== threads.length) {
      show(
        this.choose,
        threads.map((thread, index) =>
          h(
            "option",
            { value: index },
            threadName(thread, index),
          ),
        ),
      );
    }
    this.choose.value = threads.indexOf(this.page.thread);
    return h("label", { class: "choose" }, `Run of ${number(threads.length)} `, this.choose);
  }

  copyTest() {
    const { thread } = this.page;
    if (thread && !thread.runs.at(-1).values)
      return this.page.toast("This record has the steps only, and a test needs the values of exec.");
    this.page.copy(testCommand(this.page));
  }

  nextTheme() {
    this.setTheme({ auto: "light", light: "dark", dark: "auto" }[this.name]);
  }

  setTheme(name) {
    this.name = ["light", "dark"].includes(name) ? name : "auto";
    document.documentElement.dataset.theme = this.name;
    this.theme.textContent = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" }[this.name];
    keep("theme", this.name);
  }
}

/** A run among several: its place in the record, its flow, its id, and how it ended. */
function threadName({ id, runs }, index) {
  const of = [runs[0].graph.title, id].filter((name) => name != null).join(" ");
  return inline(`${number(index + 1)}: ${of}, ${runResult(runs.at(-1), true).textContent}`);
}

/** What a person has chosen, if the browser keeps it for this page. */
function kept(name) {
  try {
    return localStorage.getItem(`pocketflow-${name}`);
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(`pocketflow-${name}`, value);
  } catch {
    // It is forgotten.
  }
}
