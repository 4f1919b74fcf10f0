// The list of runs. The server filters, searches and counts, so that a page of the list is small however many runs there are.

const ORDER = ["running", "enqueued", "waiting", "suspended", "orphaned", "unfinished", "dropped", "failed", "stuck", "cancelled", "finished", "unreadable"];

class Listing {
  constructor() {
    const find = (id) => document.getElementById(id);
    this.runs = find("runs");
    this.pages = find("pages");
    this.summary = find("summary");
    this.problems = find("problems");
    this.search = h("input", { type: "search", id: "search", placeholder: "Search ids, flows, places, errors", "aria-label": "Search the runs", autocomplete: "off", spellcheck: "false", oninput: () => this.typed() });
    this.flow = h("select", { "aria-label": "Flow", onchange: () => this.change({ flow: this.flow.value }) });
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "Status" });
    const filters = find("filters");
    show(filters, this.search, this.flow, this.chips);
    filters.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("popstate", () => this.readAddress());
    addEventListener("keydown", (event) => this.pressed(event));
    this.readAddress();
    this.connection = find("connection");
    new Listener("api/changes", { message: () => this.load() }, (state) => showState(this.connection, state));
    setInterval(() => this.tick(), 5000);
  }

  readAddress() {
    const address = new URLSearchParams(location.search);
    this.query = { status: address.get("status") ?? "", flow: address.get("flow") ?? "", q: address.get("q") ?? "", page: Number(address.get("page")) || 1 };
    this.search.value = this.query.q;
    this.load();
  }

  change(query) {
    this.query = { ...this.query, page: 1, ...query };
    const address = new URLSearchParams(Object.entries(this.query).filter(([name, value]) => value && !(name === "page" && value === 1)));
    history.replaceState(null, "", `${location.pathname}${address.size ? `?${address}` : ""}`);
    this.load();
  }

  typed() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.change({ q: this.search.value }), 150);
  }

  pressed(event) {
    if (event.key !== "/" || event.target.closest("input, select")) return;
    event.preventDefault();
    this.search.focus();
  }

  /** Asks for the page. While an answer is on its way, the next question waits, and only the last one counts. */
  async load() {
    if (this.loading) return void (this.again = true);
    this.loading = true;
    try {
      this.show(await ask(`api/runs?${new URLSearchParams(this.query)}`));
    } catch (error) {
      show(this.problems, h("p", { class: "notice" }, visible(error.message)));
    }
    this.loading = false;
    if (this.again) {
      this.again = false;
      this.load();
    }
  }

  show(list) {
    this.list = list;
    this.ahead = list.now - Date.now();
    const { found, total } = list;
    this.summary.textContent = total === 0 ? "There are no runs." : found === total ? count(total, "run") : `${number(found)} of ${count(total, "run")}`;
    show(this.problems, list.problems.map((text) => h("p", { class: "notice" }, visible(text))));
    this.showFilters(list);
    this.draw();
    const go = (page, label) => h("button", { type: "button", disabled: page < 1 || page > list.pages, onclick: () => this.turn(page) }, label);
    show(this.pages, list.pages > 1 && [go(list.page - 1, "Previous"), h("span", null, `Page ${number(list.page)} of ${number(list.pages)}`), go(list.page + 1, "Next")]);
    document.documentElement.dataset.ready = list.version;
  }

  showFilters({ counts, flows }) {
    const chip = (status, text) => h("button", { type: "button", "data-status": status, "aria-pressed": String(this.query.status === status), onclick: () => this.change({ status: this.query.status === status ? "" : status }) }, text);
    const focused = document.activeElement?.dataset?.status;
    const shown = ORDER.filter((status) => counts[status] || status === this.query.status);
    show(this.chips, chip("", `All ${number(Object.values(counts).reduce((a, b) => a + b, 0))}`), shown.map((status) => chip(status, [`${STATUSES[status]} ${status} `, h("b", null, number(counts[status] ?? 0))])));
    if (focused !== undefined) this.chips.querySelector(`[data-status="${focused}"]`)?.focus();
    const names = ["", ...flows];
    if (this.query.flow && !names.includes(this.query.flow)) names.push(this.query.flow);
    if (names.join("\n") !== this.names) {
      this.names = names.join("\n");
      show(this.flow, names.map((name) => h("option", { value: name }, name || "All flows")));
    }
    this.flow.value = this.query.flow;
    this.flow.hidden = names.length < 3;
  }

  turn(page) {
    this.change({ page });
    scrollTo(0, 0);
  }

  draw() {
    const { rows, total } = this.list;
    if (!rows.length) return show(this.runs, h("p", { class: "empty" }, total ? "No run fits." : "Runs appear here as soon as they begin."));
    const focused = document.activeElement?.closest?.("#runs a")?.getAttribute("href");
    show(this.runs, h("table", { class: "runs" },
      h("thead", null, h("tr", null, ["Status", "Run", "Where", "What", "Changed"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", null, rows.map((row) => this.row(row)))));
    if (focused) [...this.runs.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }

  row(row) {
    const cell = (name, ...content) => h("td", { class: name }, content);
    return h("tr", null,
      cell("state", statusChip(row.status)),
      cell("run", row.status === "unreadable" ? visible(row.name) : h("a", { href: addressOf(row) }, visible(row.name)), h("span", { class: "soft" }, " ", visible(row.flow), row.outer && [", part of ", visible(row.outer)])),
      cell("where", row.step > 0 && [h("span", { class: "soft" }, `${number(row.step)} `), visible(row.path.split(" > ").slice(row.durable ? 1 : 0).join(" › "))]),
      cell("what", this.what(row)),
      cell("changed", row.changed > 0 && this.time(row.changed)));
  }

  what(row) {
    if (row.waits && row.filled) return [h("code", null, visible(row.waits)), " was filled ", this.time(row.since), ", and no process has gone on"];
    const waits = row.waits && [row.waits === "sleeps" ? "sleeps, begun " : ["waits for ", h("code", null, visible(row.waits)), ", asked "], this.time(row.since), row.until && [", until ", moment(row.until * 1000)]];
    const error = row.error && h("span", { class: row.status === "suspended" ? "soft" : "bad" }, visible(row.error));
    if (row.dropped) return [row.dropped.panicked ? h("strong", { class: "bad" }, "ended by a panic") : "dropped before its end", ", ", this.time(row.dropped.at)];
    if (waits || error) return [waits, waits && error && h("br"), error];
    return row.exit && row.exit !== "default" ? ["ended with ", visible(row.exit)] : null;
  }

  time(millis) {
    return h("time", { title: moment(millis * 1000), "data-at": millis }, ago(Date.now() + this.ahead - millis));
  }

  tick() {
    for (const time of this.runs.querySelectorAll("time")) time.textContent = ago(Date.now() + this.ahead - Number(time.dataset.at));
  }
}

function addressOf(row) {
  if (row.id != null) return `run?${new URLSearchParams({ id: row.id })}`;
  return `run?${new URLSearchParams({ file: row.file })}#run=${row.number}`;
}

document.documentElement.dataset.theme = chosenTheme() ?? "auto";
new Listing();
