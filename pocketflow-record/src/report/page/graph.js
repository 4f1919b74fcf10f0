// The drawing of the graph: what the run took is strong and counted, and what it did not take is pale.

/** A graph of more places is drawn only on request, because its layout takes long. */
const MANY_PLACES = 250;
const NO_COUNT = { visits: 0, failed: 0, stopped: 0, time: 0, to: 0, otherwise: 0, most: 0, entries: [] };

class GraphView {
  constructor(page) {
    this.page = page;
    this.closed = new Set();
    this.layouts = new Map();
    this.drawing = h("div", { class: "drawing", tabindex: "-1" });
    this.scope = h("p", { class: "soft scope" });
    this.edges = h("details", { class: "edges" }, h("summary", null, "Edges as a table"), h("div"));
    this.edges.addEventListener("toggle", () => this.table());
  }

  elements() {
    return [this.scope, this.drawing, this.edges];
  }

  /** The counts at a key: those of the selected run where it is counted, and otherwise those of all runs. */
  counts(key) {
    for (let run = this.page.run; run?.outer; run = run.outer) {
      if (key === run.base || key.startsWith(`${run.base}/`)) return run.counts.get(key.slice(run.base.length));
    }
    return this.page.thread.counts.get(key);
  }

  count(key, kind, index) {
    return this.counts(key)?.[kind].get(index) ?? NO_COUNT;
  }

  draw() {
    const { thread, model, run, entry, lane } = this.page;
    const { graph } = thread.runs.at(-1);
    const places = countPlaces(model.graphs, graph);
    if (places > MANY_PLACES && !this.wanted) {
      show(
        this.drawing,
        h(
          "button",
          { type: "button", onclick: () => ((this.wanted = true), this.draw()) },
          `Draw the graph with its ${number(places)} places`,
        ),
      );
      return;
    }
    const focused = document.activeElement?.dataset?.box;
    const root = this.layout(graph);
    this.marked = entry ? `${entry.visit.base}:${entry.place}${lane?.branch == null ? "" : `.${lane.branch}`}` : null;
    const width = Math.ceil(root.width) + 4,
      height = Math.ceil(root.height) + 4;
    const picture = svg(
      "svg",
      { viewBox: `-2 -2 ${width} ${height}`, width, height, role: "group", "aria-label": `Graph of ${graph.title}` },
      svg("defs", null, ["lit", "pale", "failed"].map(arrow)),
    );
    picture.style.minWidth = `${Math.min(width, Math.max(width * 0.62, 240))}px`;
    picture.append(this.flow(root, 0, 0));
    show(this.drawing, picture);
    const inner = run.outer ? run : null;
    const changed = thread.runs.some((run) => run.graph.fingerprint !== graph.fingerprint);
    this.scope.textContent = inner
      ? `The counts inside are those of ${inline(runName(inner))}.`
      : changed
        ? "The flow was changed while the run was stopped. The counts are those since then."
        : "";
    this.scope.hidden = !this.scope.textContent;
    // One place can be reached with Tab, and the others from there with the arrows.
    const boxes = [...picture.querySelectorAll("[data-box]")];
    const first =
      boxes.find((box) => box.dataset.box === focused) ??
      boxes.find((box) => box.hasAttribute("aria-current")) ??
      boxes[0];
    first?.setAttribute("tabindex", "0");
    if (focused && first?.dataset.box === focused) first.focus();
    this.table();
    this.revealMarked();
  }

  layout(graph) {
    const key = `${graph.number} ${[...this.closed].sort().join(" ")}`;
    if (!this.layouts.has(key)) this.layouts.set(key, layout(this.page.model.graphs, graph, "", this.closed));
    return this.layouts.get(key);
  }

  flow(drawing, x, y) {
    const group = svg("g", { transform: `translate(${x} ${y})` });
    if (drawing.start) {
      const lit = this.count(drawing.key, "places", 0).visits > 0;
      group.append(
        this.line(curve(drawing.start.points), lit ? "lit" : "pale"),
        svg("circle", { cx: drawing.start.x, cy: drawing.start.y, r: 4, class: "start" }),
      );
    }
    // What was taken lies above what was not.
    const lines = drawing.lines.map((line) => ({ line, count: this.count(drawing.key, "edges", line.index) }));
    const taken = ({ line, count }) => count[line.kind];
    for (const one of lines.filter((one) => !taken(one)).concat(lines.filter(taken)))
      group.append(...this.edge(one.line, one.count));
    for (const box of drawing.boxes)
      group.append(box.kind === "exit" ? this.exit(drawing, box) : this.box(box, box.x, box.y));
    return group;
  }

  line(path, kind, dashed) {
    return svg("path", {
      d: path,
      class: `line ${kind}${dashed ? " dashed" : ""}`,
      "marker-end": `url(#arrow-${kind})`,
    });
  }

  edge({ edge, kind, label, points, loop: around, x, y }, count) {
    const times = count[kind];
    const parts = [
      this.line(around ? loop(around) : curve(points), times ? (edge.error ? "failed" : "lit") : "pale", edge.error),
    ];
    const bound =
      edge.bound && kind === "to"
        ? ` ${count.most || times}/${edge.bound.max}`
        : times > 1
          ? ` ${compact(times)}×`
          : "";
    const text = `${label}${bound}`.trim();
    if (text) {
      const used = edge.bound && kind === "to" && count.most >= edge.bound.max;
      const name = svg("text", { x, y: y + 4, class: `edge ${times ? "lit" : "pale"}${used ? " used" : ""}` }, text);
      name.append(svg("title", null, edgeTitle(edge, kind, count)));
      parts.push(name);
    }
    return parts;
  }

  exit(drawing, { exit, name, x, y, width, height }) {
    const { visits } = this.count(drawing.key, "exits", exit);
    return svg(
      "g",
      { class: `exit ${visits ? "lit" : "pale"}` },
      svg("rect", { x, y, width, height, rx: height / 2 }),
      svg("text", { x: x + width / 2, y: y + height / 2 + 4 }, name),
      svg("title", null, visits ? `reached ${count(visits, "time")}` : "not reached"),
    );
  }

  box(box, x, y) {
    const counted = this.count(box.key, "places", box.branch ? box.index : box.place);
    const current = this.marked === `${box.key}:${box.index}`;
    const state = counted.stopped ? "failed" : counted.visits ? "lit" : "pale";
    const opened = box.cluster && !box.closed;
    const facts = counted.visits ? this.facts(box, counted, opened) : "not reached";
    const sign = box.flow ? (box.closed ? "▸ " : "▾ ") : "";
    const button = svg(
      "g",
      {
        role: "button",
        class: "button",
        "data-box": `${box.key}:${box.index}`,
        tabindex: "-1",
        "aria-label": [sign + box.name, facts, counted.stopped && "failed here"].filter(Boolean).join(" "),
        "aria-current": current && "step",
        onclick: (event) => this.pressedBox(box, event),
        onkeydown: (event) => this.key(box, event),
      },
      svg("rect", {
        width: box.width,
        height: box.height,
        rx: box.cluster ? 6 : box.spec.waits != null || box.spec.sleeps_ms != null ? 14 : 4,
      }),
    );
    const group = svg(
      "g",
      { class: `place ${box.kind} ${state}${current ? " current" : ""}`, transform: `translate(${x} ${y})` },
      button,
    );
    if (box.name !== box.title) button.append(svg("title", null, box.title));
    if (!opened) {
      button.append(
        svg("text", { x: box.width / 2, y: 18, class: "name" }, sign + box.name),
        svg("text", { x: box.width / 2, y: 33, class: `facts${counted.failed ? " bad" : ""}` }, facts),
      );
      return group;
    }
    button.append(
      svg("text", { x: ROOM, y: 16, class: "title" }, sign + box.name),
      svg("text", { x: box.width - ROOM, y: 16, class: "facts end" }, facts),
    );
    for (const { drawing, x, y } of box.inner) group.append(this.flow(drawing, x, y));
    for (const branch of box.branches ?? []) group.append(this.box(branch, branch.x, branch.y));
    return group;
  }

  /** How often a place was visited, how many attempts failed, and how long it took, as far as there is room. */
  facts(box, counted, opened) {
    const visits = counted.visits > 1 && `${compact(counted.visits)}×`;
    if (opened) return visits || "";
    const parts = [
      visits,
      counted.failed > 0 && `${compact(counted.failed)} failed`,
      counted.time > 0 && duration(counted.time),
    ].filter(Boolean);
    if (parts.length > 1 && widthOf(parts.join(" · "), "11px system-ui, sans-serif") > box.width - 8) parts.pop();
    return parts.join(" · ");
  }

  pressedBox(box, event) {
    // The title of a cluster opens and closes it.
    const onTitle = box.flow && (box.closed || event.target.classList.contains("title"));
    if (onTitle) return this.toggle(box);
    this.visit(box);
  }

  toggle(box) {
    if (!this.closed.delete(box.cluster)) this.closed.add(box.cluster);
    this.draw();
  }

  /** Selects the next visit of a place after the selected step. */
  visit(box) {
    const entries = this.count(box.key, "places", box.place).entries ?? [];
    if (!entries.length) return this.page.say(`${box.name} was not reached.`);
    const selected = entries.indexOf(this.page.entry);
    this.page.selectEntry(entries[(selected + 1) % entries.length], { pane: "step" });
  }

  key(box, event) {
    const boxes = [...this.drawing.querySelectorAll("[data-box]")];
    const at = boxes.indexOf(event.currentTarget);
    const move = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (move) {
      const next = boxes[at + move];
      if (next) {
        event.currentTarget.setAttribute("tabindex", "-1");
        next.setAttribute("tabindex", "0");
        next.focus();
      }
    } else if (event.key === "Enter") this.visit(box);
    else if (event.key === " " && box.flow) this.toggle(box);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  revealMarked() {
    const box = this.drawing.querySelector(".current");
    if (!box || !this.drawing.clientHeight) return;
    const outer = this.drawing.getBoundingClientRect(),
      inner = box.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom)
      this.drawing.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
    if (inner.left < outer.left || inner.right > outer.right)
      this.drawing.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }

  /** All edges in words, for whoever does not see the drawing or wants to search it. */
  table() {
    if (!this.edges.open) return;
    const rows = [];
    const walk = (graph, key, name) => {
      for (const [index, edge] of graph.edges.entries()) {
        const counted = this.count(key, "edges", index);
        const from = `${name}${graph.places[edge.from]?.name}`;
        const row = (kind, target) =>
          rows.push({
            cells: [
              visible(from),
              visible(edgeName(edge, kind) || "default"),
              visible(targetName(graph, target)),
              number(counted[kind]),
              kind === "to" && edge.bound ? `${counted.most} of ${edge.bound.max}` : "",
            ],
          });
        row("to", edge.to);
        if (edge.bound) row("otherwise", edge.bound.otherwise);
      }
      if (key.split("/").length > 5) return;
      for (const [index, place] of graph.places.entries()) {
        const inside = [
          [place, `${index}`],
          ...(place.fork ?? []).map((branch, number) => [branch, `${index}.${number}`]),
        ];
        for (const [spec, at] of inside)
          if (this.page.model.graphs.has(spec.flow))
            walk(this.page.model.graphs.get(spec.flow), `${key}/${at}`, `${name}${spec.name} › `);
      }
    };
    walk(this.page.thread.runs.at(-1).graph, "", "");
    show(this.edges.lastChild, table("Edges", ["From", "Action", "To", "#Taken", "Bound"], rows));
  }
}

function edgeTitle(edge, kind, counted) {
  if (kind === "otherwise")
    return counted.otherwise
      ? `taken ${count(counted.otherwise, "time")}, after the bound was used up`
      : "for when the bound is used up";
  const taken = counted.to ? `taken ${count(counted.to, "time")}` : "not taken";
  return edge.bound
    ? `${taken}; bound: at most ${edge.bound.max} times in one run of the flow, ${counted.most} at most here`
    : taken;
}

function targetName(graph, target) {
  if (!target) return "";
  return target.place === undefined ? endName(graph.exits[target.exit]) : (graph.places[target.place]?.name ?? "?");
}

function countPlaces(graphs, graph, depth = 0) {
  if (!graph || depth > 4) return 0;
  return graph.places.reduce(
    (sum, place) =>
      sum +
      1 +
      [place, ...(place.fork ?? [])].reduce(
        (inner, { flow }) => inner + countPlaces(graphs, graphs.get(flow), depth + 1),
        0,
      ),
    0,
  );
}

const arrow = (kind) =>
  svg(
    "marker",
    {
      id: `arrow-${kind}`,
      class: `arrow ${kind}`,
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: "auto-start-reverse",
      markerUnits: "userSpaceOnUse",
    },
    svg("path", { d: "M0,0 L8,4 L0,8 z" }),
  );
