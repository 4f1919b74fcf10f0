// What the fields of a run contain over time, and how two values differ.

/** Takes down the fields that an entry has changed. */
function change(run, entry, event) {
  const order = entry ? entry.order : Infinity;
  const write = (field, make) => {
    const history = run.fields.get(field) ?? [];
    run.fields.set(field, history);
    const written = make(history.at(-1));
    history.push(written);
    entry?.changes.set(field, written);
  };
  for (const [field, value] of Object.entries(event.changed ?? {}))
    write(field, () => new Written(event.at, entry, order, value));
  for (const [field, end] of Object.entries(event.appended ?? {}))
    write(field, (before) => new Written(event.at, entry, order, end, before ?? null));
}

/** A value that was written to a field, or the end of one that only grew: a text, or the items of an array. */
class Written {
  constructor(at, entry, order, value, grown) {
    this.at = at;
    this.entry = entry;
    this.order = order;
    this.own = value;
    /** What it was before, if this is only the end. */
    this.grown = grown ?? null;
    this.length = (this.grown?.length ?? 0) + (typeof value === "string" || Array.isArray(value) ? value.length : 0);
  }

  /** The whole value. It is put together each time, because a field that grows in each step would not fit into memory. */
  get value() {
    const ends = [];
    let written = this;
    for (; written.grown; written = written.grown) ends.push(written.own);
    if (!ends.length) return written.own;
    ends.reverse();
    return typeof written.own === "string" ? written.own + ends.join("") : [...(written.own ?? []), ...ends.flat(1)];
  }
}

/** What was last written to a field before an entry of its run. `undefined` if the record does not say. */
function writtenBefore(run, field, entry) {
  const history = run.fields.get(field) ?? [];
  let from = 0,
    to = history.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (history[middle].order < entry.order) from = middle + 1;
    else to = middle;
  }
  return history[from - 1];
}

/** The fields that an entry reads, with their values before it. */
function readBy(entry, spec = entry.spec) {
  const optional = new Set(spec.optional_reads);
  return [...new Set([...spec.reads, ...spec.optional_reads])].map((field) => ({
    field,
    optional: optional.has(field),
    written: writtenBefore(entry.run, field, entry),
  }));
}

/** The fields that an entry has changed: what was written before, and what it wrote. A flow visit has the changes of its steps. */
function changedBy(entry) {
  const after = new Map(entry.changes);
  for (const inside of entry.inner?.entries ?? [])
    for (const { field, after: written } of changedBy(inside)) after.set(field, written);
  return [...after].map(([field, written]) => ({
    field,
    before: writtenBefore(entry.run, field, entry),
    after: written,
  }));
}

/**
 * The history of a field over all runs of a thread, or of an inner run: what was written, and before it. Where a later
 * process goes on with a run, only a value that nobody in the record has written counts.
 */
function historyOf(run, field) {
  const runs = run.outer ? [run] : run.thread.runs;
  const history = [];
  for (const part of runs) {
    for (const written of part.fields.get(field) ?? []) {
      const before = history.at(-1)?.written;
      const resumes = before && written.entry === null && written.order < 0;
      if (!resumes || !sameValue(before.value, written.value)) history.push({ written, before, run: part, resumes });
    }
  }
  return history;
}

function sameValue(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** How a field changed: what a person wants to see first. */
function difference(earlier, written) {
  if (earlier && written.grown === earlier) {
    const appended = typeof written.own === "string";
    return appended
      ? { kind: "appended", start: earlier.length, text: written.own }
      : { kind: "added", from: earlier.length, items: written.own };
  }
  const before = earlier?.value,
    after = written.value;
  if (isRedacted(after) || isUnwritable(after)) return { kind: "set" };
  if (after === null) return { kind: "emptied" };
  if (before == null) return { kind: "filled" };
  if (sameValue(before, after)) return { kind: "same" };
  if (Array.isArray(before) && Array.isArray(after)) {
    const added = after.length - before.length;
    if (added > 0 && before.every((item, index) => sameValue(item, after[index])))
      return { kind: "added", from: before.length, items: after.slice(before.length) };
  }
  if (typeof before === "string" && typeof after === "string") {
    const start = commonStart(before, after);
    if (start === before.length && start > 0) return { kind: "appended", start, text: after.slice(start) };
    const end = commonEnd(before, after, start);
    if (start + end > 40)
      return {
        kind: "middle",
        start,
        end,
        removed: before.slice(start, before.length - end),
        text: after.slice(start, after.length - end),
      };
  }
  const objects = [before, after].every(
    (value) =>
      typeof value === "object" && value && !Array.isArray(value) && !isRedacted(value) && !isUnwritable(value),
  );
  if (objects) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = keys.filter((key) => !sameValue(before[key], after[key]));
    if (changed.length < keys.length && changed.length <= 20) return { kind: "members", changed };
  }
  return { kind: "set" };
}

function commonStart(a, b) {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  // A pair of surrogates is not torn apart.
  return length > 0 && length < most && /[\ud800-\udbff]/.test(a[length - 1]) ? length - 1 : length;
}

function commonEnd(a, b, start) {
  const most = Math.min(a.length, b.length) - start;
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length > 0 && /[\udc00-\udfff]/.test(a[a.length - length]) ? length - 1 : length;
}
