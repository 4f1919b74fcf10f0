// Talking to the server.

/** So long after a lost connection, the page tries again; each time longer, up to the second number. In milliseconds. */
const FIRST_PAUSE = 500, LONGEST_PAUSE = 5000;

/** Events of the server. When the server has gone, it tries again, and goes on after the last event that it had. */
class Listener {
  /** `on` has a function for each kind of event, and `state` hears `live`, `away` or `refused`. */
  constructor(url, on, state) {
    Object.assign(this, { url, on, state, last: null, pause: FIRST_PAUSE });
    this.open();
  }

  open() {
    const after = this.last ? `${this.url.includes("?") ? "&" : "?"}after=${encodeURIComponent(this.last)}` : "";
    const source = new EventSource(this.url + after);
    source.onopen = () => {
      this.pause = FIRST_PAUSE;
      this.state("live");
    };
    for (const [name, take] of Object.entries(this.on)) {
      source.addEventListener(name, (event) => {
        if (event.lastEventId) this.last = event.lastEventId;
        take(event.data);
      });
    }
    source.onerror = () => {
      source.close();
      this.failed();
    };
  }

  /** An event source does not say why it has failed. */
  async failed() {
    this.state("away");
    try {
      const { status } = await fetch("api/runs?size=1");
      if (status === 401) this.state("refused");
    } catch {
      // It has gone.
    }
    setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }
}

const STATES = {
  live: ["● live", "The page shows what happens as it happens."],
  away: ["○ the server has gone: trying again", "The page goes on by itself when the server is back."],
  refused: ["○ the server has another token: open the address that it printed", "Each start of the server makes a new token. This page goes on when the new address has been opened."],
};

function showState(element, name) {
  const [text, title] = STATES[name];
  element.className = `connection ${name}`;
  element.title = title;
  element.textContent = text;
}

/** What the server answers, or an error with its reason. */
async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Error("The server cannot be reached. Nothing was sent.");
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // A refusal may be a text.
  }
  if (!response.ok) throw new Error(answer?.error ?? (text || `The server answers ${response.status}.`));
  return answer;
}

const act = (action) => ask("api/actions", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(action) });

/** Milliseconds as `3 min`. */
function age(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => seconds >= size) ?? [1, "s"];
  return `${number(Math.floor(seconds / size))} ${unit}`;
}

const ago = (millis) => (millis < 1000 ? "just now" : `${age(millis)} ago`);

/** The signs of statuses, so that nothing is said by colour alone. */
const STATUSES = {
  running: "▶", enqueued: "→", waiting: "‖", suspended: "‖", orphaned: "?", unfinished: "…", dropped: "↓", failed: "✕", stuck: "✕", cancelled: "⊘", finished: "✓", unreadable: "!",
};

const MEANINGS = {
  running: "A process drives it", enqueued: "It has not begun, and a worker takes it up", waiting: "It waits for a value, or sleeps", suspended: "A driver has stopped it",
  orphaned: "It is not finished, and no process drives it", unfinished: "Its record has no end: it is in progress, or its process has died", dropped: "It was dropped before its end, or a panic ended it, and its process went on", failed: "A step has failed",
  stuck: "Several processes in a row have died in the same step", cancelled: "It was cancelled", finished: "It has reached an exit", unreadable: "The file is not a record that this version can read",
};

const statusChip = (status) => h("span", { class: `status ${status}`, title: MEANINGS[status] }, h("span", { "aria-hidden": "true" }, `${STATUSES[status] ?? ""} `), status);

/** The theme that a person has chosen on the page of a run. */
function chosenTheme() {
  try {
    return localStorage.getItem("pocketflow-theme");
  } catch {
    return null;
  }
}
