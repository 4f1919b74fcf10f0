// The time axis of a thread, in which waits are compressed.

/** The width of a compressed wait, as a share of the time in which something ran. */
const WAIT_WIDTH = 0.08;
/** A pause is compressed if it is longer than this share of the time in which something ran, and than 0.1 seconds. */
const LONG_WAIT = 0.15,
  NOTICED = 100_000;

/** When something ran: attempts, and steps that only the library itself executed. */
function activity(thread) {
  const spans = [];
  const visit = (run) => {
    for (const step of run.steps) {
      const ended = endOf(step);
      // An exec lasts from its first attempt to its last, with the waits between them.
      const worked = step.attempts.length ? step.attempts : step.execs;
      if (worked.length) {
        for (const { began, at } of worked) spans.push([began, at]);
        // An attempt without an end is still going on, or its process was killed.
        if (step.ended == null) spans.push([Math.max(step.began, step.attempts.at(-1)?.at ?? 0), ended]);
      } else if (step.waits != null || step.sleeps != null) {
        spans.push([step.began, step.began], [ended, ended]);
      } else {
        const inner = run.children.get(step.number);
        spans.push([step.began, inner ? step.began : ended], [ended, ended]);
      }
      for (const inner of run.children.get(step.number) ?? []) visit(inner);
    }
  };
  for (const run of thread.runs) {
    spans.push([run.began, run.began]);
    spans.push([knownUntil(run), knownUntil(run)]);
    visit(run);
  }
  return spans;
}

/** Spans that overlap become one. */
function merged(spans) {
  spans.sort((a, b) => a[0] - b[0]);
  const result = [];
  for (const [from, to] of spans) {
    const last = result.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

class Axis {
  constructor(thread) {
    const spans = merged(activity(thread));
    this.from = spans[0][0];
    this.to = spans.at(-1)[1];
    this.active = spans.reduce((sum, [from, to]) => sum + to - from, 0);
    const long = Math.max(this.active * LONG_WAIT, NOTICED);
    // Short pauses count like time in which something ran, so that they keep their length.
    let shown = 0;
    const pieces = [];
    for (const [index, [from, to]] of spans.entries()) {
      const next = spans[index + 1]?.[0] ?? to;
      const pause = next - to;
      pieces.push({ from, to: pause > long ? to : next });
      shown += pieces.at(-1).to - from;
      if (pause > long) pieces.push({ from: to, to: next, wait: true });
    }
    const width = Math.max(shown * WAIT_WIDTH, 1);
    /** The points between which the axis is linear: a time, and its place. */
    this.points = [{ time: this.from, at: 0 }];
    this.waits = [];
    let at = 0;
    for (const piece of pieces) {
      const start = at;
      at += piece.wait ? width : piece.to - piece.from;
      this.points.push({ time: piece.to, at });
      if (piece.wait) this.waits.push({ from: piece.from, to: piece.to, start, end: at });
    }
    this.length = Math.max(at, 1);
    this.waiting = this.waits.reduce((sum, wait) => sum + wait.to - wait.from, 0);
  }

  /** The place of a time, between 0 and 1. */
  place(time) {
    return interpolate(this.points, time, "time", "at") / this.length;
  }

  /** The time at a place. */
  time(place) {
    return interpolate(this.points, place * this.length, "at", "time");
  }
}

function interpolate(points, value, from, to) {
  let low = 0,
    high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][from] <= value) low = middle;
    else high = middle;
  }
  const a = points[low],
    b = points[high];
  if (!b || value <= a[from]) return a[to];
  if (value >= b[from]) return b[to];
  return a[to] + ((b[to] - a[to]) * (value - a[from])) / (b[from] - a[from]);
}
