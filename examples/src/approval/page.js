// Everything on the page comes from the events, in order. A page that is loaded in the middle of a run gets the past events first.
// Texts of people and models go into `textContent`, so they are never read as HTML.

const drafts = new Map();
const byId = (id) => document.getElementById(id);

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Sends JSON. The form's buttons are disabled until the answer arrives. Returns whether the request succeeded. */
async function send(form, url, body) {
  const buttons = [...form.querySelectorAll("button")];
  const problem = form.querySelector(".problem");
  problem.textContent = "";
  buttons.forEach((button) => (button.disabled = true));
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) problem.textContent = `Not taken: ${await response.text()}`;
    return response.ok;
  } catch {
    problem.textContent = "The server cannot be reached. Nothing was sent.";
    return false;
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

class Draft {
  constructor(id) {
    this.id = id;
    this.version = 0;
    this.wait = "";
    this.card = byId("card").content.firstElementChild.cloneNode(true);
    const find = (selector) => this.card.querySelector(selector);
    this.title = find("h3");
    this.state = find(".state");
    this.steps = find(".steps");
    this.error = find(".error");
    this.figure = find("figure");
    this.form = find("form");
    this.remark = find("textarea");
    this.card.id = `draft-${id}`;

    find(".approve").addEventListener("click", () => this.answer({ decision: "approved" }));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.remark.value = this.remark.value.trim();
      if (this.form.reportValidity()) this.answer({ decision: "rejected", remark: this.remark.value });
    });
    byId("drafts").prepend(this.card);
  }

  async answer(answer) {
    const sent = await send(this.form, `drafts/${this.id}/answer`, { wait: this.wait, ...answer });
    // The form is about to disappear, and the keyboard focus with it.
    if (sent) this.title.focus();
  }

  become(state, words) {
    this.card.className = `card box ${state}`;
    this.state.textContent = words;
    byId("news").textContent = `Draft ${this.id}: ${words}`;
  }

  caption(words) {
    this.figure.querySelector("figcaption").textContent = words;
  }

  write({ version, text }) {
    this.version = version;
    this.caption(`Draft ${version}`);
    this.figure.querySelector("blockquote").textContent = text;
    this.figure.hidden = false;
  }

  startStep(name) {
    const step = element("li", "running", "");
    step.append(element("span", "mark", "●"), element("span", "name", name), element("span", "outcome", "…"));
    this.steps.append(step);
  }

  note(className, text) {
    this.steps.lastElementChild.append(element("div", `note ${className}`, text));
  }

  endStep(mark, outcome) {
    const step = this.steps.lastElementChild;
    if (!step?.classList.contains("running")) return;
    step.classList.remove("running");
    step.querySelector(".mark").textContent = mark;
    step.querySelector(".outcome").textContent = outcome;
  }

  show(event) {
    switch (event.type) {
      case "submitted":
        this.title.textContent = event.brief;
        this.become("writing", "Writing");
        break;
      case "started":
        this.startStep(event.step);
        break;
      case "attempt_failed":
        this.note("failure", `attempt ${event.attempt} failed: ${event.error}`);
        break;
      case "ended":
        this.endStep("✓", event.action === "default" ? "done" : event.action);
        break;
      case "written":
        this.write(event);
        break;
      case "asked":
        this.write(event);
        this.wait = event.wait;
        this.startStep("await(decision)");
        this.form.reset();
        this.form.hidden = false;
        this.become("waiting", "Waits for you");
        break;
      case "answered":
        this.form.hidden = true;
        this.endStep("✓", event.decision);
        if (event.remark) this.note("", `“${event.remark}”`);
        this.caption(`Draft ${this.version}, ${event.decision}`);
        this.become("writing", event.decision === "approved" ? "Publishing" : "Writing again");
        break;
      case "published": {
        this.figure.querySelector("blockquote").textContent = event.text;
        const focused = this.card.contains(document.activeElement);
        byId("published").prepend(this.card);
        if (focused) this.title.focus();
        this.card.querySelector("details").open = false;
        this.become("published", "Published");
        break;
      }
      case "finished":
        if (event.exit === "given_up") this.become("", "Given up");
        break;
      case "failed":
        this.endStep("✗", "failed");
        this.form.hidden = true;
        this.error.textContent = event.error;
        this.become("failed", "Failed");
    }
  }
}

byId("submit").addEventListener("submit", async (event) => {
  event.preventDefault();
  const brief = byId("brief");
  if (await send(event.target, "drafts", { brief: brief.value.trim() })) brief.value = "";
  brief.focus();
});

let log;
const events = new EventSource("events");
events.onopen = () => (byId("offline").hidden = true);
events.onerror = () => (byId("offline").hidden = false);
events.onmessage = ({ data, lastEventId }) => {
  const [began] = lastEventId.split("-");
  log ??= began;
  // The server was restarted, so it has a new log.
  if (log !== began) return location.reload();
  const event = JSON.parse(data);
  if (!drafts.has(event.draft)) drafts.set(event.draft, new Draft(event.draft));
  drafts.get(event.draft).show(event);
};
