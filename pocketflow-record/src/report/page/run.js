// The pane of a run: how it ended, where the time went, and what can be done with the record.

function runPane(page) {
  const { run, thread } = page;
  const first = thread.runs[0];
  const inner = run.outer ? run : null;
  const of = inner ? [inner] : thread.runs;
  const last = of.at(-1);
  const axis = page.timeline.axis;
  return [
    h(
      "h2",
      { tabindex: "-1" },
      inner ? ["Inner run ", visible(runName(inner))] : ["Run of ", visible(first.graph.title)],
    ),
    terms([
      ["Result", runResult(last)],
      ["Began", moment(of[0].began)],
      ["Time", timeOfRun(of, inner ? null : axis)],
      ["Steps", stepsInWords(of)],
      !inner &&
        thread.attempts > 0 && [
          "Attempts",
          attemptsInWords({ attempts: { length: thread.attempts }, failedAttempts: thread.failedAttempts }),
        ],
      !inner && thread.tokens.calls > 0 && ["Model", tokensInWords(thread.tokens)],
      last.id != null && ["Id", h("code", null, visible(last.id))],
      inner && [
        "In",
        link(
          [`step ${number(inner.of?.number ?? 0)}, `, visible(inner.of?.spec.name ?? "?")],
          () => inner.of && page.selectEntry(inner.of, {}),
        ),
      ],
      ["Graph", graphInWords(page, of)],
      [
        "Recorded",
        [last.values ? "with the values of exec" : "steps only", last.content ? ", with prompts and replies" : ""].join(
          "",
        ),
      ],
      last.redacted.size > 0 && [
        "Redacted",
        [...last.redacted].map((name, index) => [index ? ", " : "", h("code", null, visible(name))]),
      ],
    ]),
    last.end &&
      failed(last.end) &&
      part(
        last.end.suspended ? "Why it stopped" : "Error",
        last.end.place && h("p", null, "At ", h("code", null, visible(last.end.place))),
        chainView(last.end.error, last.end.suspended ? "plain" : "bad"),
      ),
    timePart(page, of),
    boundsPart(page, of),
    !inner && testPart(page, last),
    !inner &&
      last.id == null &&
      part(
        "Go on from here",
        h(
          "p",
          null,
          "This run cannot be resumed or forked: no driver stores it. The driver of pocketflow-checkpoint makes runs durable.",
        ),
      ),
    inner ? null : goOnPart(page, culprit(last) ?? last.steps.at(-1) ?? { kind: "none", run: last }, false),
  ];
}

function timeOfRun(runs, axis) {
  const last = runs.at(-1);
  if (last.ended == null) return `not ended; the last event is at +${duration(knownUntil(last) - runs[0].began)}`;
  const whole = last.ended - runs[0].began;
  if (!axis || !axis.waiting) return duration(whole);
  return `${duration(whole)}: ${duration(axis.active)} of work and ${duration(whole - axis.active)} of waiting`;
}

function stepsInWords(runs) {
  const last = runs.at(-1);
  const steps = last.steps.at(-1)?.number ?? 0;
  return last.max_steps == null ? number(steps) : `${number(steps)} of at most ${number(last.max_steps)}`;
}

function tokensInWords({ calls, counted, input, output, models }) {
  const names = [...models]
    .slice(0, 3)
    .map((name) => preview(name, 40).replace(/^"|"$/g, ""))
    .join(", ");
  const tokens = counted ? `, ${number(input)} tokens in, ${number(output)} out` : "";
  return visible(`${count(calls, "call")}${tokens}${names ? `: ${names}` : ""}`);
}

/** Whether the graph is the one that was recorded. */
function graphInWords(page, runs) {
  const { graph } = runs.at(-1);
  const changed = runs.some((run) => run.graph.fingerprint !== graph.fingerprint);
  const now = page.about.flow === graph.name ? page.about.fingerprint : null;
  return [
    h("code", null, visible(graph.fingerprint ?? "unknown")),
    changed && h("strong", null, ", changed while the run was stopped"),
    now != null &&
      (now === graph.fingerprint
        ? ", the same as in the program now"
        : h("strong", null, ", but the flow of the program has changed since")),
  ];
}

/** Where the time went: the places, longest first. */
function timePart(page, runs) {
  const places = new Map();
  const visit = (run, name) => {
    for (const step of run.steps) {
      const flow = step.path.join(" › ") || step.spec.name;
      const key = `${name}${flow}`;
      let place = places.get(key);
      if (!place)
        places.set(
          key,
          (place = {
            key,
            visits: 0,
            open: 0,
            attempts: 0,
            failures: 0,
            time: 0,
            longest: 0,
            slowest: null,
            wait: step.waits != null || step.sleeps != null,
          }),
        );
      // A step in which the run was suspended goes on in a later run, and counts there.
      if (!step.continued) {
        const time = endOf(step) - (step.again ?? step).began;
        place.visits++;
        if (step.ended == null) place.open++;
        place.time += time;
        if (time >= place.longest) Object.assign(place, { longest: time, slowest: step });
      }
      place.attempts += step.attempts.length;
      place.failures += step.failedAttempts;
      for (const inner of run.children.get(step.number) ?? []) {
        const branch = inner.branch == null ? null : step.spec.fork?.[inner.branch];
        visit(inner, `${key} › ${branch ? `${branch.name} › ` : ""}`);
      }
    }
  };
  for (const run of runs) visit(run, "");
  const rows = [...places.values()]
    .sort((a, b) => a.wait - b.wait || b.time - a.time)
    .map(({ key, visits, open, attempts, failures, time, slowest, wait }) => ({
      cells: [
        [visible(key), wait && h("span", { class: "soft" }, " (waiting)")],
        number(visits),
        number(attempts),
        failures ? h("span", { class: "bad" }, number(failures)) : "0",
        // Of what has not ended, nobody knows how long it took.
        [
          visits > open && [duration(time), open > 0 && ", "],
          open > 0 && h("span", { class: "soft" }, "not ended"),
        ],
        slowest && link(lengthInWords(slowest), () => page.selectEntry(slowest, {}), { title: "Show the longest one" }),
      ],
    }));
  const several = runs.some((run) => run.children.size)
    ? h(
        "p",
        { class: "soft" },
        "The time of a place contains that of the inner runs in it. Runs at the same time count each.",
      )
    : null;
  return (
    rows.length > 0 &&
    part(
      "Where the time went",
      several,
      table("Time by place", ["Place", "#Visits", "#Attempts", "#Failed", "#Time", "#Longest"], rows),
    )
  );
}

/** How near each bound was. */
function boundsPart(page, runs) {
  const rows = [];
  const counts = runs[0].outer ? runs[0].counts : page.thread.counts;
  for (const [key, counted] of counts) {
    const { names, graph } = namesDown(page.model.graphs, runs.at(-1).graph, key);
    for (const [index, edge] of (graph?.edges ?? []).entries()) {
      const count = counted.edges.get(index);
      if (!edge.bound) continue;
      const used = (count?.most ?? 0) >= edge.bound.max;
      rows.push({
        cells: [
          [
            names.map((name) => [visible(name), " › "]),
            visible(graph.places[edge.from]?.name ?? "?"),
            edge.action === "default" ? "" : [' - "', visible(edge.action), '"'],
            " >> ",
            visible(targetName(graph, edge.to)),
          ],
          `${count?.most ?? 0} of ${edge.bound.max}`,
          used
            ? h(
                "strong",
                null,
                count.otherwise
                  ? `used up; then ${count.otherwise}× ${targetName(graph, edge.bound.otherwise)}`
                  : "used up",
              )
            : "",
        ],
      });
    }
  }
  return rows.length > 0 && part("Bounds", table("Bounds", ["Edge", "#Taken", ""], rows));
}

const visitsIn = (entry) => (entry.inner ? [entry.inner, ...entry.inner.entries.flatMap(visitsIn)] : []);

function testPart(page, run) {
  if (!run.values)
    return part(
      "Keep it as a test",
      h(
        "p",
        null,
        "This record has the steps only. A test needs the values of exec: record without ",
        h("code", null, "steps_only()"),
        ".",
      ),
    );
  return part(
    "Keep it as a test",
    h(
      "p",
      null,
      "This command writes a test that runs the flow again with the recorded values of exec, without a model and without a network:",
    ),
    command(page, testCommand(page), "keep this run as a test"),
  );
}
