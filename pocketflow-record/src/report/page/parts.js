// Parts of the panes: the lanes of a step, and what a person can do next.

/** A median and the like of lengths of time. */
function spread(lengths) {
  const sorted = [...lengths].sort((a, b) => a - b);
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return {
    shortest: sorted[0],
    median: at(0.5),
    most: at(0.9),
    longest: sorted.at(-1),
    sum: sorted.reduce((a, b) => a + b, 0),
  };
}

/** The items or the branches of a step: how long they took, which were slow, and which failed. */
function lanesPart(page, step) {
  const lanes = lanesIn(step);
  const items = lanesOf(step).filter((lane) => lane.item != null);
  const branches = lanes.filter((lane) => lane.item == null);
  return [lanesList(page, step, "Branches", branches), itemsPart(page, step, items)];
}

/** The items of a batch, or of all batches of a fork. */
const itemsPart = (page, step, items) => lanesList(page, step, "Items", items);

function lanesList(page, step, title, lanes) {
  const failures = lanes.filter((lane) => lane.failed || lane.error);
  const button = (lane) => {
    const item = lane.item == null ? undefined : itemOf(lane);
    const facts = [
      lengthInWords(lane),
      lane.inside && count(lane.inside.length, "item"),
      lane.attempts.length > 1 && count(lane.attempts.length, "attempt"),
    ];
    return h(
      "li",
      { class: "lane" },
      link(
        [visible(laneName(lane)), item !== undefined && h("span", { class: "soft" }, " ", visible(preview(item, 50)))],
        () => page.selectLane(lane),
      ),
      h(
        "span",
        { class: "soft" },
        ` ${facts.filter(Boolean).join(", ")} `,
      ),
      lane.error && h("strong", { class: "bad" }, "failed"),
    );
  };
  return [
    part(
      title,
      lengthsOf(lanes, step),
      lanes.length > 5 && h("h4", null, "Slowest"),
      firstOf(
        lanes.length > 5 ? slowest(lanes) : lanes,
        lanes.length > 5 ? 10 : FEW,
        button,
      ),
    ),
    failures.length > 0 &&
      part(
        `${title} with a failed attempt`,
        firstOf(failures, 10, (lane) => {
          const element = button(lane);
          const error = lane.error ?? attemptsOf(lane).find(failed)?.error;
          if (error) element.append(h("p", { class: "cause" }, visible(preview(rootCause(error), 200))));
          return element;
        }),
      ),
  ];
}

/** The inner runs of a step. */
function runsPart(page, step) {
  const runs = step.run.children.get(step.number) ?? [];
  const bad = runs.filter((run) => ["failed", "suspended", "open"].includes(runState(run)));
  const button = (run) =>
    h(
      "li",
      { class: "lane" },
      link(visible(runName(run)), () => page.selectRun(run)),
      h(
        "span",
        { class: "soft" },
        ` ${lengthInWords(run)}, ${count(run.steps.length, "step")} `,
      ),
      runResult(run, true),
    );
  return (
    runs.length > 0 && [
      part(
        "Inner runs",
        lengthsOf(runs, step),
        runs.length > 5 && h("h4", null, "Slowest"),
        firstOf(
          runs.length > 5 ? slowest(runs) : runs,
          runs.length > 5 ? 10 : FEW,
          button,
        ),
      ),
      bad.length > 0 && runs.length > 5 && part("Inner runs that did not finish", firstOf(bad, 10, button)),
    ]
  );
}

/** The longest first, and before them those that have not ended. */
function slowest(some) {
  const length = ({ began, ended }) => (ended ?? Infinity) - began;
  return [...some].sort((a, b) => length(b) - length(a) || 0);
}

function lengthsOf(lanes, step) {
  const lengths = lanes.filter((lane) => lane.ended != null).map((lane) => lane.ended - lane.began);
  if (lengths.length < 3) return null;
  const { median, most, longest, sum } = spread(lengths);
  // Of fewer, nine of ten are all of them.
  const often = lengths.length < 10 ? "" : ` nine of ten within ${duration(most)},`;
  const whole = (step.ended ?? 0) - step.began;
  return h(
    "p",
    null,
    `${number(lanes.length)} in all. Median ${duration(median)},${often} longest ${duration(longest)}.`,
    whole > 0 && sum / whole > 1.2 && ` On average, ${round(sum / whole)} ran at the same time.`,
  );
}

/** How a run ended, in words. */
function runResult(run, brief = false) {
  const { end } = run;
  if (!end && run.dropped?.panicked) return h("strong", { class: "bad" }, "ended by a panic");
  if (!end) return h("span", { class: "mark" }, run.dropped ? "dropped before its end" : "not finished");
  const waits = end.suspended && culprit(run)?.waits;
  if (end.suspended) return h("span", { class: "mark" }, waits ? ["waits for ", visible(waits)] : "suspended");
  if (failed(end)) return h("strong", { class: "bad" }, "failed", !brief && end.place && [" at ", visible(end.place)]);
  return h(
    "span",
    { class: brief ? "soft" : "good" },
    end.exit && end.exit !== "default" ? ["ended with ", visible(end.exit)] : "finished",
  );
}

/** The command that makes a test of the record. */
function testCommand({ about, model, thread }) {
  // A name that begins with `-` is not an option.
  const run = model.threads.length > 1 ? ` --run=${argument(thread.id ?? String(thread.runs[0].number))}` : "";
  const file = (about.file ?? "FILE").replace(/^-/, "./-");
  return `pocketflow test ${argument(file)}${run}`;
}

/** What a person can do from here: for a durable run, the commands that fork it, answer it or let it run again. */
function goOnPart(page, entry, forks = true) {
  const { run } = entry;
  if (entry.kind !== "step" || run.id == null) return null;
  // A live page does what these commands do.
  if (page.live) return page.live.goOnPart(entry, forks);
  const runs = "pocketflow runs ";
  const id = (run.id.startsWith("-") ? "-- " : "") + argument(run.id);
  const rows = [];
  if (entry.outcome === "suspended" && entry.waits)
    rows.push(["Answer what the run waits for", `${runs}fill ${id} ${argument(entry.waits)} VALUE`]);
  if (entry.outcome === "failed" && !run.outer) rows.push(["Let the run try this step again", `${runs}retry ${id}`]);
  const before = entry.number - 1;
  if (forks && !run.outer && before > 0)
    rows.push([
      "Fork here: a new run that begins with this step",
      `${runs}fork ${id} ${before} ${argument(`${run.id}-from-${entry.number}`)}`,
    ]);
  if (forks && !run.outer && entry.outcome === "taken")
    rows.push([
      "Fork after this step",
      `${runs}fork ${id} ${entry.number} ${argument(`${run.id}-after-${entry.number}`)}`,
    ]);
  return part(
    "Go on from here",
    rows.map(([title, text]) => [h("h4", null, title), command(page, text, title)]),
    !forks && !run.outer && h("p", null, "To fork the run, select the step to begin with."),
    rows.length > 0 &&
      h(
        "p",
        { class: "soft" },
        "The commands use the database runs.db: add ",
        h("code", null, "--db ADDRESS"),
        " for another one.",
      ),
  );
}
