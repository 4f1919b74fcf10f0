// The timeline: a tree of rows with a bar each. Only the rows in view are in the document, so that long runs open at once.

/** The sign of a state, so that nothing is said by colour alone. */
const SIGNS = {
  failed: ["✕", "failed"],
  retried: ["↻", "retried"],
  suspended: ["‖", "suspended"],
  open: ["…", "not finished"],
  done: ["", ""],
};

/** From this many rows on, the bars fit the rows in view unless a person wants the whole run. */
const MANY_ROWS = 60;

class Timeline {
  constructor(page) {
    this.page = page;
    this.rows = new Rows();
    this.zoomed = null;
    this.ticks = h("div", { class: "ticks", "aria-hidden": "true" });
    this.space = h("div", { class: "space", role: "presentation" });
    this.window = h("div", { class: "window", role: "presentation" });
    this.tree = h(
      "div",
      {
        id: "rows",
        class: "rows",
        role: "tree",
        tabindex: "0",
        "aria-label": "Steps",
        onscroll: () => this.draw(),
        onclick: (event) => this.clicked(event),
        onkeydown: (event) => this.pressed(event),
      },
      this.space,
    );
    this.space.append(this.window);
    this.empty = h("p", { class: "empty", hidden: true });
    this.summary = h("p", { class: "found", role: "status" });
    const zoom = { title: "Stretch the bars of the rows in view over the whole width" };
    this.zoom = h("button", { type: "button", ...zoom, onclick: () => this.setZoom(!this.isZoomed()) }, "Fit bars");
    this.sort = h(
      "select",
      { onchange: () => page.refresh() },
      h("option", { value: "order" }, "Items in order"),
      h("option", { value: "slow" }, "Slowest items first"),
      h("option", { value: "failed" }, "Failed items first"),
    );
    this.sortLabel = h("label", { hidden: true }, h("span", { class: "hidden" }, "Order of items"), this.sort);
    new ResizeObserver(() => this.draw()).observe(this.tree);
  }

  elements() {
    const head = h(
      "div",
      { class: "head", "aria-hidden": "true" },
      h("span", null, "Step"),
      h("span", { class: "action" }, "Action"),
      this.ticks,
      h("span", { class: "time" }, "Time"),
    );
    return [this.summary, head, this.tree, this.empty];
  }

  isZoomed() {
    return this.zoomed ?? this.rows.list.length > MANY_ROWS;
  }

  setZoom(zoomed) {
    this.zoomed = zoomed;
    this.draw();
  }

  /** Computes the rows again. */
  build() {
    const { thread, filter } = this.page;
    this.rows.build(thread, { ...filter, sort: this.sort.value });
    this.axis = new Axis(thread);
    this.sortLabel.hidden = !this.rows.sortable;
    this.empty.hidden = this.rows.list.length > 0;
    this.tree.hidden = !this.empty.hidden;
    this.empty.textContent = !this.rows.filters
      ? "No step has begun."
      : filter.errors && !filter.search
        ? "Nothing failed in this run."
        : "Nothing fits. Press Escape to see everything.";
    this.summary.textContent = this.rows.filters
      ? `${count(this.rows.found, "row")} of ${number(this.rows.total)}`
      : "";
    this.draw();
  }

  rowHeight() {
    return parseFloat(getComputedStyle(this.tree).getPropertyValue("--row")) || 26;
  }

  draw() {
    if (!this.axis) return;
    const height = this.rowHeight();
    const { list } = this.rows;
    this.space.style.height = `${list.length * height}px`;
    const first = Math.max(0, Math.floor(this.tree.scrollTop / height) - 5);
    const last = Math.min(list.length, Math.ceil((this.tree.scrollTop + this.tree.clientHeight) / height) + 5);
    const inView = list.slice(first + (first > 0 ? 5 : 0), last - (last < list.length ? 5 : 0));
    this.setDomain(inView);
    this.zoom.setAttribute("aria-pressed", this.isZoomed());
    this.zoom.hidden = list.length < 25;
    this.window.style.transform = `translateY(${first * height}px)`;
    const selected = this.page.selected;
    show(
      this.window,
      list.slice(first, last).map((row, index) => this.row(row, first + index, row.key === selected)),
    );
    const current = this.window.querySelector("[aria-selected=true]");
    if (current) this.tree.setAttribute("aria-activedescendant", current.id);
    else this.tree.removeAttribute("aria-activedescendant");
  }

  setDomain(rows) {
    let from = this.axis.from,
      to = this.axis.to;
    if (this.isZoomed() && rows.length) {
      // What contains other rows in view would be as long as all of them.
      const inner = rows.filter((row) => !row.open);
      const spans = (inner.length ? inner : rows).map((row) => this.span(row));
      from = Math.min(...spans.map(([began]) => began));
      to = Math.max(...spans.map(([, ended]) => ended));
    }
    this.start = this.axis.place(from);
    this.size = Math.max(this.axis.place(to) - this.start, 1e-9);
    const ticks = (this.ticks.clientWidth > 220 ? [0, 0.5, 1] : [0, 1]).map((at) => {
      const tick = h(
        "span",
        { class: at === 1 ? "last" : null },
        `+${duration(this.axis.time(this.start + at * this.size) - this.axis.from)}`,
      );
      if (at < 1) tick.style.left = `${at * 100}%`;
      return tick;
    });
    show(this.ticks, ticks);
  }

  span(row) {
    if (row.kind === "resumed") return [knownUntil(row.after), row.began];
    if (row.kind === "end") return [row.began, row.ended];
    return [subjectOf(row).began, endOf(subjectOf(row))];
  }

  /** Puts an element where this time is on the axis. */
  place(element, from, to) {
    const left = (this.axis.place(from) - this.start) / this.size;
    const width = (this.axis.place(to) - this.axis.place(from)) / this.size;
    const shown = Math.max(Math.min(left, 1), 0);
    element.style.left = `${shown * 100}%`;
    element.style.width = `${Math.max(Math.min(width + Math.min(left, 0), 1 - shown), 0) * 100}%`;
    return element;
  }

  row(row, index, selected) {
    const state = row.kind === "resumed" ? "done" : row.kind === "end" ? "failed" : stateOf(row);
    const [began, ended] = this.span(row);
    const { name, note, action, spoken } = describe(row);
    const [sign, meaning] = SIGNS[state];
    const time = row.kind === "resumed" || row.kind === "end" ? duration(ended - began) : lengthInWords(subjectOf(row));
    const element = h(
      "div",
      {
        id: `row-${index}`,
        class: `row ${row.kind} ${state}`,
        role: "treeitem",
        "data-index": index,
        "aria-level": row.depth + 1,
        "aria-setsize": this.rows.list.length,
        "aria-posinset": index + 1,
        "aria-selected": String(selected),
        "aria-current": selected && "step",
        "aria-expanded": row.children ? String(row.open) : null,
        "aria-label": [spoken ?? name, meaning, action && `then ${action}`, note, time].filter(Boolean).join(", "),
      },
      h(
        "span",
        { class: "name" },
        h("span", { class: "twisty", "aria-hidden": "true" }, row.children ? (row.open ? "▾" : "▸") : ""),
        row.kind === "step" && h("span", { class: "number" }, number(row.entry.number)),
        h("span", { class: "sign", title: meaning || null, "aria-hidden": "true" }, sign),
        h("span", { class: "label" }, visible(name)),
        note && h("span", { class: "note" }, note),
      ),
      h("span", { class: "action" }, visible(action)),
      h("span", { class: "track" }, this.bars(row, state, began, ended)),
      h("span", { class: "time" }, time),
    );
    element.firstChild.style.paddingLeft = `${Math.min(row.depth, 8) * 14}px`;
    return element;
  }

  bars(row, state, began, ended) {
    const { entry, lane } = row;
    const idle = row.kind === "resumed" || entry?.waits != null || entry?.sleeps != null;
    const whole = this.place(h("i", { class: `whole ${idle ? "idle" : state}` }), began, ended);
    const own = lane ?? (row.kind === "step" && !row.children ? entry : null);
    const several = own && own.attempts.length > 1 && own.attempts.length <= 60;
    if (own?.attempts.length === 1 && failed(own.attempts[0])) whole.classList.add("failed");
    if (several) whole.classList.add("thin");
    const attempts = several ? own.attempts : [];
    return [
      whole,
      idle
        ? null
        : this.compressed(began, ended).map((wait) => this.place(h("i", { class: "gap" }), wait.from, wait.to)),
      attempts.map((attempt) => {
        const kind = failed(attempt) ? "failed" : "done";
        return this.place(h("i", { class: kind }), attempt.began, attempt.at);
      }),
    ];
  }

  /** The first waits inside of a row that are shorter on the axis than they were. */
  compressed(began, ended) {
    const { waits } = this.axis;
    return waits.length > 200 ? [] : waits.filter(({ from, to }) => from >= began && to <= ended).slice(0, 20);
  }

  clicked(event) {
    const element = event.target.closest(".row");
    if (!element) return;
    const row = this.rows.list[element.dataset.index];
    if (event.target.closest(".twisty") && row.children) this.toggle(row, !row.open);
    else this.page.select(row.key, { pane: "step" });
  }

  pressed(event) {
    const row = this.rows.list[this.rows.at.get(this.page.selected)];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.tree.clientHeight / this.rowHeight()) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves) this.move(moves[event.key]);
    else if (event.key === "ArrowRight" && row?.children) row.open ? this.move(1) : this.toggle(row, true);
    else if (event.key === "ArrowLeft" && row) row.open ? this.toggle(row, false) : this.toParent(row);
    else if (event.key === "Enter" || event.key === " ") this.page.openPane("step", true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  toggle(row, open) {
    this.rows.open.set(row.key, open);
    this.build();
  }

  /** Selects another row. */
  move(by, fits = () => true) {
    const { list, at } = this.rows;
    if (!list.length) return;
    let index = at.get(this.page.selected) ?? (by > 0 ? -1 : list.length);
    index = Math.max(0, Math.min(list.length - 1, index + by));
    while (list[index] && !fits(list[index])) index += Math.sign(by);
    if (list[index]) this.page.select(list[index].key, {});
    else this.page.toast(by > 0 ? "Nothing failed after this." : "Nothing failed before this.");
  }

  toParent(row) {
    const index = this.rows.at.get(row.key);
    const parent = this.rows.list.slice(0, index).findLast((other) => other.depth < row.depth);
    if (parent) this.page.select(parent.key, {});
  }

  /** Scrolls so that the selected row is in view. */
  reveal() {
    const index = this.rows.at.get(this.page.selected);
    if (index === undefined) return this.draw();
    const height = this.rowHeight(),
      top = index * height,
      { scrollTop, clientHeight } = this.tree;
    if (top < scrollTop) this.tree.scrollTop = top - height;
    else if (top + height > scrollTop + clientHeight) this.tree.scrollTop = top + 2 * height - clientHeight;
    this.draw();
  }
}

/** What a row says. */
function describe(row) {
  const attempts = (own) => (own.attempts.length > 1 ? count(own.attempts.length, "attempt") : "");
  if (row.kind === "resumed") return { name: "resumed", note: "", action: "", spoken: "The run was resumed" };
  if (row.kind === "end") return { name: "failed", note: "outside of a step", action: "" };
  if (row.kind === "lane") {
    const { lane } = row;
    const item = lane.item == null ? undefined : itemOf(lane);
    return {
      name: laneName(lane),
      note: [
        item === undefined ? "" : preview(item, 40),
        lane.inside ? count(lane.inside.length, "item") : attempts(lane),
      ]
        .filter(Boolean)
        .join(" · "),
      action: "",
    };
  }
  if (row.kind === "run") {
    const { run } = row;
    return {
      name: runName(run),
      note: count(run.steps.length, "step"),
      action: run.end?.exit && run.end.exit !== "default" ? run.end.exit : "",
    };
  }
  const { entry } = row;
  const runs = entry.kind === "step" ? (entry.run.children.get(entry.number)?.length ?? 0) : 0;
  const lanes = entry.kind === "step" ? lanesIn(entry).length : 0;
  const notes = [];
  if (entry.kind === "step" && !lanes && !runs) notes.push(attempts(entry));
  if (lanes) notes.push(entry.spec.fork ? count(lanes, "branch", "branches") : count(lanes, "item"));
  if (runs) notes.push(count(runs, "inner run"));
  const spoken = entry.kind === "step" ? `Step ${entry.number}, ${entry.spec.name}` : `Flow ${entry.spec.name}`;
  return { name: entry.spec.name, note: notes.filter(Boolean).join(" · "), action: actionOf(entry), spoken };
}

/** The action that an entry took, and where it led. */
function actionOf(entry) {
  if (entry.outcome === "suspended") return entry.waits ? `waits for ${entry.waits}` : "suspended";
  if (!entry.taken) return "";
  const { action, to } = entry.taken;
  const target = to && "exit" in to ? endName(entry.visit.graph.exits[to.exit]) : "";
  return [action === "default" ? "" : action, target && `→ ${target}`].filter(Boolean).join(" ");
}

const endName = (exit) => (exit === "default" || exit === undefined ? "end" : exit);

/**
 * The item of a lane, if the record shows it. A record does not name the field that a batch runs over, so it is the only
 * one among those that the node reads that has as many items.
 */
function itemOf(lane) {
  const { step, spec, item, exec } = lane;
  const items = exec?.items;
  const size = (value) =>
    Array.isArray(value) ? value.length : value && typeof value === "object" ? Object.keys(value).length : -1;
  const fits = readBy(step, spec)
    .map(({ written }) => written?.value)
    .filter((value) => size(value) === items);
  return items > 0 && fits.length === 1 && Array.isArray(fits[0]) ? fits[0][item] : undefined;
}
