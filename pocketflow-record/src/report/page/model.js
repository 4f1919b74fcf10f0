// The model of a record. It takes one event after the other, so that a record can be shown while it grows.
//
// A *thread* is what a person calls a run: an outermost run, and the runs of later processes that went on with it under
// the same id. A *flow visit* is a nested flow between `enter` and `leave`. Steps and flow visits are the *entries* of a run.

class Model {
  constructor() {
    this.graphs = new Map();
    this.runs = new Map();
    this.threads = [];
    /** The last run of each id. */
    this.byId = new Map();
    /** When the last event happened. */
    this.last = 0;
    /** It grows with each event, for whoever keeps something that was computed from the model. */
    this.version = 0;
    /** Lines that are not events, or that belong to runs without a beginning. */
    this.strange = 0;
  }

  /** Takes a line of the record. */
  line(text) {
    let event;
    try {
      event = LARGE.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
    } catch {
      this.strange++;
      return;
    }
    if (event && typeof event === "object" && event.pocketflow_record === undefined) this.apply(event);
  }

  /** Takes an event. Kinds that this version does not know are left out. */
  apply(event) {
    if (typeof event.at === "number" && event.at > this.last) this.last = event.at;
    this.version++;
    if (event.event === "graph") return void this.graphs.set(event.graph, graphOf(event));
    if (event.event === "run") return this.begin(event);
    const run = this.runs.get(event.run);
    if (!Object.hasOwn(TAKE, event.event)) return;
    if (!run) return void this.strange++;
    TAKE[event.event].call(this, run, event);
    this.touch(run, event);
  }

  /** Takes down that something is new in a run, in its step, and in what is around them. */
  touch(run, event) {
    const step = run.byStep.get(event.step);
    if (step) step.touched = this.version;
    for (let inner = run; inner; inner = inner.outer) {
      inner.touched = this.version;
      inner.last = Math.max(inner.last, event.at);
      if (inner.of) inner.of.touched = this.version;
    }
  }

  begin(event) {
    const graph = this.graphs.get(event.graph);
    if (!graph) return void this.strange++;
    const run = {
      ...event,
      number: event.run,
      graph,
      began: event.at,
      ended: null,
      end: null,
      /** When the last event of this run or of a run inside it happened. */
      last: event.at,
      redacted: new Set(event.redacted),
      entries: [],
      steps: [],
      byStep: new Map(),
      children: new Map(),
      visits: [],
      fields: new Map(),
      order: 0,
      touched: 0,
      of: null,
      outer: null,
      branch: null,
    };
    for (const [field, value] of Object.entries(event.shared ?? {}))
      run.fields.set(field, [new Written(event.at, null, -1, value)]);
    this.runs.set(run.number, run);
    const outer = event.parent && this.runs.get(event.parent.run);
    run.earlier = this.earlier(run);
    if (run.id != null) this.byId.set(run.id, run);
    if (outer) {
      const step = outer.byStep.get(event.parent.step);
      run.of = step ?? null;
      run.outer = outer;
      run.thread = outer.thread;
      run.branch = event.parent.branch ?? null;
      const siblings = outer.children.get(event.parent.step) ?? [];
      outer.children.set(event.parent.step, siblings);
      siblings.push(run);
      // The counts of all runs at this place are added up where the thread counts.
      const place = run.branch == null ? step?.place : `${step?.place}.${run.branch}`;
      run.base = step ? `${step.visit.base}/${place}` : "?";
    } else {
      run.base = "";
      run.thread = this.threadOf(run);
    }
    run.counts = new Map();
    run.visits.push(visitOf(run, graph, "", null));
    this.touch(run, event);
  }

  /** The run that this one goes on with. One that begins anew under the id of a run that has finished is another one. */
  earlier(run) {
    const earlier = run.id == null ? null : (this.byId.get(run.id) ?? null);
    return earlier && (run.resumed || earlier.end?.exit === undefined) ? earlier : null;
  }

  threadOf(run) {
    let thread = run.earlier?.thread;
    if (!thread) {
      thread = {
        id: run.id ?? null,
        runs: [],
        counts: new Map(),
        tokens: { calls: 0, counted: 0, input: 0, output: 0, models: new Set() },
        attempts: 0,
        failedAttempts: 0,
      };
      this.threads.push(thread);
    }
    // The counts are about one graph. If the flow was changed, they begin anew.
    if (run.earlier && run.earlier.graph.fingerprint !== run.graph.fingerprint) thread.counts = new Map();
    thread.runs.push(run);
    return thread;
  }
}

/** What each event does to its run. */
const TAKE = {
  /** The future of the run was dropped before its end, perhaps by a panic. */
  dropped(run, event) {
    run.dropped = event;
  },

  enter(run, event) {
    const outer = run.visits.at(-1);
    const name = event.path.at(-1);
    const place = outer.graph.places.findIndex((place) => place.name === name);
    const graph = this.graphs.get(event.graph);
    if (!graph) return void this.strange++;
    const entry = entryOf(run, "flow", event, outer, place);
    const visit = visitOf(run, graph, `${outer.key}/${place}`, entry);
    entry.inner = visit;
    run.visits.push(visit);
  },

  leave(run, event) {
    if (run.visits.length < 2) return void this.strange++;
    const visit = run.visits.pop();
    done(run, visit.entry, event);
  },

  step(run, event) {
    const graph = this.graphs.get(event.graph);
    // A flow that was not entered in this record has been entered before it began.
    while (run.visits.length > 1 && run.visits.at(-1).graph !== graph) run.visits.pop();
    const step = entryOf(run, "step", event, run.visits.at(-1), event.place);
    step.number = event.step;
    step.waits = event.waits ?? null;
    step.sleeps = event.sleeps_ms ?? null;
    step.attempts = [];
    step.execs = [];
    step.notes = [];
    step.failedAttempts = 0;
    const earlier = run.steps.length ? null : run.earlier?.steps.at(-1);
    // The step in which the run was suspended goes on, and counts once.
    if (earlier?.number === step.number && earlier.outcome === "suspended") {
      step.again = earlier;
      earlier.continued = step;
      for (const count of countsOf(step.visit, "places", step.place)) if (count.visits > 1) count.visits--;
    }
    run.steps.push(step);
    run.byStep.set(event.step, step);
  },

  attempt(run, event) {
    const step = run.byStep.get(event.step);
    if (!step) return void this.strange++;
    step.attempts.push(event);
    run.thread.attempts++;
    step.lanes = null;
    if (!failed(event)) return;
    run.thread.failedAttempts++;
    step.failedAttempts++;
    for (const count of countsOf(
      step.visit,
      "places",
      event.branch == null ? step.place : `${step.place}.${event.branch}`,
    ))
      count.failed++;
  },

  exec(run, event) {
    const step = run.byStep.get(event.step);
    if (!step) return void this.strange++;
    step.execs.push(event);
    step.lanes = null;
    if (event.branch != null)
      for (const count of countsOf(step.visit, "places", `${step.place}.${event.branch}`))
        count.time += event.at - event.began;
  },

  note(run, event) {
    const step = run.byStep.get(event.step);
    if (!step) return void this.strange++;
    step.notes.push(event);
    step.lanes = null;
    if (event.name !== "model" || !event.value || typeof event.value !== "object") return;
    const { tokens } = run.thread;
    tokens.calls++;
    if (Number.isFinite(event.value.input_tokens ?? event.value.output_tokens)) tokens.counted++;
    if (Number.isFinite(event.value.input_tokens)) tokens.input += event.value.input_tokens;
    if (Number.isFinite(event.value.output_tokens)) tokens.output += event.value.output_tokens;
    if (typeof event.value.model === "string") tokens.models.add(event.value.model);
  },

  taken(run, event) {
    const step = run.byStep.get(event.step);
    if (!step) return void this.strange++;
    step.lanes = null;
    done(run, step, event);
  },

  failed(run, event) {
    stopped(this, run, event, "failed");
  },

  suspended(run, event) {
    stopped(this, run, event, "suspended");
  },

  end(run, event) {
    run.ended = event.at;
    run.end = event;
    change(run, null, event);
    // A flow in which the run failed or stopped is not left.
    while (run.visits.length > 1) {
      const { entry } = run.visits.pop();
      entry.ended ??= event.at;
      entry.outcome ??= event.suspended ? "suspended" : "failed";
    }
  },
};

function stopped(model, run, event, outcome) {
  const step = run.byStep.get(event.step);
  if (!step) return void model.strange++;
  step.ended = event.at;
  step.lanes = null;
  step.outcome = outcome;
  step.error = event.error;
  step.where = event.place;
  if (outcome === "failed") for (const count of countsOf(step.visit, "places", step.place)) count.stopped++;
  change(run, step, event);
}

function entryOf(run, kind, event, visit, place) {
  const entry = {
    kind,
    run,
    visit,
    place,
    spec: visit.graph.places[place] ?? UNKNOWN,
    path: event.path ?? [],
    began: event.at,
    ended: null,
    outcome: null,
    taken: null,
    error: null,
    changes: new Map(),
    order: run.order,
    touched: 0,
  };
  run.order = entry.order + 1;
  visit.entries.push(entry);
  for (const count of countsOf(visit, "places", place)) {
    count.visits++;
    (count.entries ??= []).push(entry);
  }
  if (entry.spec.fork)
    entry.spec.fork.forEach((_, branch) =>
      countsOf(visit, "places", `${place}.${branch}`).forEach((count) => count.visits++),
    );
  return entry;
}

/** An entry that has ended with an action. */
function done(run, entry, event) {
  entry.ended = event.at;
  entry.outcome = "taken";
  entry.taken = event;
  const { visit } = entry;
  for (const count of countsOf(visit, "places", entry.place)) count.time += entry.ended - (entry.again ?? entry).began;
  const edge = visit.graph.edges[event.edge];
  if (edge) {
    const otherwise = edge.bound && !sameTarget(event.to, edge.to) && sameTarget(event.to, edge.bound.otherwise);
    for (const count of countsOf(visit, "edges", event.edge)) {
      count[otherwise ? "otherwise" : "to"]++;
      if (event.count != null) count.most = Math.max(count.most, event.count);
    }
  }
  if (event.to && "exit" in event.to) for (const count of countsOf(visit, "exits", event.to.exit)) count.visits++;
  change(run, entry, event);
}

/** A visit of a flow: its entries, and where they are counted: in the run, and over all runs of the thread at this place. */
function visitOf(run, graph, key, entry) {
  const base = run.base + key;
  const visit = { run, graph, key, base, entry, entries: entry ? [] : run.entries };
  visit.counted = [counted(run.counts, key), counted(run.thread.counts, base)];
  return visit;
}

function counted(counts, key) {
  let found = counts.get(key);
  if (!found) counts.set(key, (found = { places: new Map(), edges: new Map(), exits: new Map() }));
  return found;
}

function countsOf(visit, kind, index) {
  return visit.counted.map((counts) => {
    let count = counts[kind].get(index);
    if (!count)
      counts[kind].set(
        index,
        (count = kind === "edges" ? { to: 0, otherwise: 0, most: 0 } : { visits: 0, failed: 0, stopped: 0, time: 0 }),
      );
    return count;
  });
}

const UNKNOWN = { name: "?", kind: "node", reads: [], optional_reads: [], writes: [], actions: [] };

function graphOf(event) {
  const list = (value) => (Array.isArray(value) ? value : []);
  const placeOf = (place) => ({
    ...place,
    reads: list(place.reads),
    optional_reads: list(place.optional_reads),
    writes: list(place.writes),
    actions: list(place.actions),
    fork: place.fork?.length ? place.fork.map(placeOf) : null,
  });
  return {
    ...event,
    number: event.graph,
    title: event.name || "flow",
    places: list(event.places).map(placeOf),
    edges: list(event.edges),
    exits: list(event.exits),
  };
}

/**
 * Until when the record knows of a run. Without an end, that is the end of what is around it, or its last event: its
 * process may have died then, and another one may go on with it much later.
 */
function knownUntil(run) {
  if (run.ended != null) return run.ended;
  return run.outer ? endOf(run.of ?? { run: run.outer }) : run.last;
}

/** When a run, a step, a flow, or a branch or an item of a step ended, or until when the record knows of it. */
function endOf(one) {
  if (one.ended != null) return one.ended;
  if (one.byStep) return knownUntil(one);
  return one.step ? endOf(one.step) : knownUntil(one.run);
}

/** How long something took, in words. */
const lengthInWords = (one) => (one.ended == null ? "not ended" : duration(one.ended - one.began));

/** Whether an event has the chain of an error. */
const failed = (event) => event.error?.length > 0;
const sameTarget = (a, b) => !!a && !!b && a.place === b.place && a.exit === b.exit;
