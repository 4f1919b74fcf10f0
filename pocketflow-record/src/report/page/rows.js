// The rows of the timeline: the entries of a thread, and inside them the branches, items and inner runs as lanes.

/**
 * The branches and the items of a step, each with its attempts. An empty list if the step is one exec. A branch that is a
 * batch stands before its items, and has them as `inside`.
 */
function lanesOf(step) {
  if (step.lanes) return step.lanes;
  const lanes = new Map();
  const lane = (event) => {
    const key = `${event.branch ?? ""}.${event.item ?? ""}`;
    let found = lanes.get(key);
    if (!found) {
      const spec = event.branch == null ? step.spec : (step.spec.fork?.[event.branch] ?? step.spec);
      lanes.set(
        key,
        (found = {
          step,
          spec,
          branch: event.branch ?? null,
          item: event.item ?? null,
          attempts: [],
          notes: [],
          exec: null,
          inside: null,
          began: Infinity,
          ended: null,
          failed: 0,
          error: null,
        }),
      );
    }
    return found;
  };
  if (step.spec.fork) step.spec.fork.forEach((spec, branch) => spec.flow == null && lane({ branch }));
  for (const attempt of step.attempts) {
    const one = lane(attempt);
    one.attempts.push(attempt);
    one.began = Math.min(one.began, attempt.began);
    if (failed(attempt)) one.failed++;
  }
  for (const exec of step.execs) {
    const one = lane(exec);
    one.exec = exec;
    one.began = Math.min(one.began, exec.began);
    one.ended = exec.at;
    if (failed(exec)) one.error = exec.error;
  }
  for (const note of step.notes) lane(note).notes.push(note);
  const all = [...lanes.values()];
  for (const one of all) {
    const branch = one.item == null || one.branch == null ? null : lanes.get(`${one.branch}.`);
    if (branch) (branch.inside ??= []).push(one);
  }
  // A step that has gone on along an edge has waited for all of its lanes. One that failed may have dropped some.
  const whole = step.outcome === "taken" && !step.taken.failed;
  for (const one of all) {
    if (one.began === Infinity) one.began = step.began;
    if (whole) one.ended ??= one.attempts.at(-1)?.at ?? one.began;
  }
  for (const one of all) if (one.inside) contain(one, whole);
  const inOrder = (a, b) => (a.branch ?? -1) - (b.branch ?? -1) || (a.item ?? -1) - (b.item ?? -1);
  const alone = all.length <= 1 && all.every((one) => one.item == null && one.branch == null);
  return (step.lanes = alone ? [] : all.sort(inOrder));
}

/** The branch of a batch lasts from its first item to its last. */
function contain(branch, whole) {
  const { inside } = branch;
  branch.began = inside.reduce((least, { began }) => Math.min(least, began), Infinity);
  const items = inside.find((item) => item.exec)?.exec.items ?? Infinity;
  const ended = inside.every((item) => item.ended != null) && (whole || inside.length >= items);
  branch.ended = ended ? inside.reduce((most, { ended }) => Math.max(most, ended), 0) : null;
  branch.failed = inside.reduce((sum, item) => sum + item.failed, 0);
  branch.error = inside.find((item) => item.error)?.error ?? null;
}

/** The branches of a fork, or the items of a batch. */
const lanesIn = (step) => lanesOf(step).filter((lane) => lane.branch == null || lane.item == null);

/** What of a step is not in a lane: the attempts and the notes of a step that is one exec. */
const ownLane = (step) => ({
  step,
  spec: step.spec,
  branch: null,
  item: null,
  attempts: step.attempts,
  notes: step.notes,
  exec: step.execs[0] ?? null,
});

/** What a row is about. */
const subjectOf = (row) => row.lane ?? row.entry ?? row.run;

/** `failed` for good, `retried` after a failed attempt, `suspended`, `open` without an end, or `done`. */
function stateOf(row) {
  if (row.lane) return laneState(row.lane);
  if (row.run) return runState(row.run);
  const { entry } = row;
  if (entry.outcome === "failed" || entry.taken?.failed) return "failed";
  if (entry.outcome === "suspended") return "suspended";
  if (entry.outcome === null) return "open";
  return entry.failedAttempts ? "retried" : "done";
}

function laneState(lane) {
  if (lane.error) return "failed";
  if (lane.ended == null) return "open";
  return lane.failed ? "retried" : "done";
}

function runState(run) {
  if (!run.end) return "open";
  if (run.end.suspended) return "suspended";
  return failed(run.end) ? "failed" : "done";
}

class Rows {
  /** `open` keeps which rows a person has opened or closed, by key. */
  constructor() {
    this.open = new Map();
    this.list = [];
  }

  /** Computes the rows. With a search or the filter for errors, only what fits is shown, and all that is around it. */
  build(thread, { search, errors, sort }) {
    this.search = search.trim().toLowerCase();
    this.errors = errors;
    this.sort = sort;
    this.filters = this.search !== "" || errors;
    this.list = [];
    this.found = 0;
    this.total = 0;
    /** Whether there are items or inner runs that can stand in another order. */
    this.sortable = false;
    for (const [index, run] of thread.runs.entries()) {
      if (index > 0)
        this.put(
          {
            key: `p${run.number}`,
            kind: "resumed",
            run,
            depth: 0,
            began: run.began,
            ended: run.began,
            after: thread.runs[index - 1],
          },
          () => {},
        );
      this.entries(run.entries, 0);
      if (run.end && failed(run.end) && !run.end.suspended && run.steps.at(-1)?.outcome !== "failed")
        this.put({ key: `e${run.number}`, kind: "end", run, depth: 0, began: run.ended, ended: run.ended }, () => {});
    }
    this.at = new Map(this.list.map((row, index) => [row.key, index]));
  }

  entries(entries, depth) {
    for (const entry of entries) {
      if (entry.kind === "flow")
        this.put(
          {
            key: `f${entry.run.number}.${entry.order}`,
            kind: "flow",
            entry,
            depth,
            children: entry.inner.entries.length,
          },
          () => this.entries(entry.inner.entries, depth + 1),
        );
      else this.step(entry, depth);
    }
  }

  step(step, depth) {
    const lanes = lanesIn(step);
    const runs = step.run.children.get(step.number) ?? [];
    const items = lanes.filter((lane) => lane.item != null);
    const groups = [runs, items, ...lanes.map((lane) => lane.inside ?? [])];
    if (groups.some((group) => group.length > 1)) this.sortable = true;
    const lanesAt = (lanes, depth) => {
      for (const lane of this.sorted(lanes))
        this.put(
          {
            key: keyOfLane(lane),
            kind: "lane",
            lane,
            depth,
            children: lane.inside?.length,
            many: lane.inside?.length > 12,
          },
          () => lanesAt(lane.inside, depth + 1),
        );
    };
    // A branch that is a flow has its runs, and no attempts of its own.
    const inside = () => {
      lanesAt(lanes, depth + 1);
      for (const run of this.sorted(runs))
        this.put(
          {
            key: `r${run.number}`,
            kind: "run",
            run,
            depth: depth + 1,
            children: run.entries.length,
            many: runs.length > 8,
          },
          () => this.entries(run.entries, depth + 2),
        );
    };
    const children = lanes.length + runs.length;
    this.put(
      {
        key: `s${step.run.number}.${step.number}`,
        kind: "step",
        entry: step,
        depth,
        children,
        many: children > 12 && step.run.steps.length + step.run.visits.length > 2,
      },
      inside,
    );
  }

  /** Adds a row and, if it is open, what is inside. */
  put(row, inside) {
    this.total++;
    const index = this.list.length;
    this.list.push(row);
    row.fits = this.filters && this.fits(row);
    if (row.fits) this.found++;
    const wanted = this.open.get(row.key) ?? !row.many;
    row.open = !!row.children && (wanted || this.filters);
    if (row.open) inside();
    if (!this.filters) return;
    if (!row.fits && this.list.length === index + 1) this.list.pop();
    // What does not fit is closed, so that only a person opens it.
    else row.open = this.list.length > index + 1;
  }

  fits(row) {
    if (this.errors && !hasError(row)) return false;
    return this.search === "" || textOf(row).includes(this.search);
  }

  sorted(lanes) {
    if (this.sort === "order") return lanes;
    const length = (lane) => (lane.ended ?? Infinity) - lane.began;
    const rank = (lane) => (lane.byStep ? (runState(lane) === "failed" ? 1 : 0) : lane.error ? 2 : lane.failed ? 1 : 0);
    return [...lanes].sort(
      (a, b) => (this.sort === "failed" ? rank(b) - rank(a) : 0) || (this.sort === "slow" ? length(b) - length(a) : 0),
    );
  }
}

/** Whether something failed in this row itself. */
function hasError(row) {
  if (row.kind === "lane") return !row.lane.inside && (row.lane.failed > 0 || row.lane.error !== null);
  if (row.kind === "run" || row.kind === "end") return !!row.run.end && failed(row.run.end) && !row.run.end.suspended;
  if (row.kind === "resumed") return false;
  const { entry } = row;
  if (entry.outcome === "failed" || entry.taken?.failed) return true;
  return entry.kind === "step" && entry.failedAttempts > 0;
}

/** Whether something failed in this row, or in what a closed row hides. */
function hidesError(row) {
  const inRun = (run) => run.steps.some(inStep) || (run.end && failed(run.end) && !run.end.suspended);
  const inStep = (step) =>
    step.failedAttempts > 0 ||
    step.outcome === "failed" ||
    step.taken?.failed ||
    (step.run.children.get(step.number) ?? []).some(inRun);
  const inEntry = (entry) => (entry.kind === "flow" ? entry.inner.entries.some(inEntry) : inStep(entry));
  if (hasError(row)) return true;
  if (row.open || !row.children) return false;
  if (row.lane) return row.lane.failed > 0 || row.lane.error !== null;
  return row.kind === "run" ? inRun(row.run) : inEntry(row.entry);
}

const TEXTS = new WeakMap();

/** What a search looks through: names, actions, values that were written, errors and notes. */
function textOf(row) {
  const of = subjectOf(row);
  // A step that still runs has more to come.
  const kept = TEXTS.get(of);
  if (kept) return kept;
  const texts = [labelOf(row)];
  const add = (value) => value !== undefined && texts.push(typeof value === "string" ? value : JSON.stringify(value));
  if (row.lane) {
    for (const { error } of row.lane.attempts) error?.forEach(add);
    for (const { name, value } of row.lane.notes) (add(name), add(value));
    add(row.lane.exec?.value);
  } else if (row.entry) {
    const { entry } = row;
    add(entry.taken?.action);
    entry.error?.forEach(add);
    for (const [field, written] of entry.changes) (add(field), add(written.own));
    if (entry.kind === "step" && !lanesOf(entry).length) {
      for (const { error } of entry.attempts) error?.forEach(add);
      for (const { name, value } of entry.notes) (add(name), add(value));
      for (const { value } of entry.execs) add(value);
    }
  } else {
    row.run.end?.error?.forEach(add);
    add(row.run.end?.place);
  }
  const text = texts.join("\n").toLowerCase();
  if (of.ended != null) TEXTS.set(of, text);
  return text;
}

const keyOfLane = (lane) => `l${lane.step.run.number}.${lane.step.number}.${lane.branch ?? ""}.${lane.item ?? ""}`;

/** The name of a row. */
function labelOf(row) {
  if (row.kind === "lane") return laneName(row.lane);
  if (row.kind === "run") return runName(row.run);
  if (row.kind === "resumed") return "resumed";
  if (row.kind === "end") return "end";
  return row.entry.spec.name;
}

/** The name of a branch or an item: of the branch its place, of the item its number and what it is. */
function laneName(lane) {
  const branch = lane.branch == null ? "" : lane.spec.name;
  if (lane.item == null) return branch;
  return `${branch && `${branch} `}item ${lane.item}`;
}

/** An inner run, as paths name it: `documents[3]`. */
function runName(run) {
  if (!run.outer) return run.graph.title;
  const { field, item } = run.parent;
  if (!item) return field;
  return `${field}[${item.index ?? JSON.stringify(item.key)}]`;
}
