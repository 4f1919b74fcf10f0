// The pane of a step: what happened in it and why, what it read and what it changed, and how to go on from there.

/** So many attempts, notes or items are shown at a time. */
const FEW = 20;

/** The pane of what is selected: a step, a branch or an item of it, a nested flow, or a run. */
function stepPane(page) {
  const { entry, lane, row } = page;
  if (row?.kind === "resumed") return resumedPane(page, row);
  if (!entry) return h("p", { class: "soft" }, "Select a step.");
  return lane ? lanePane(page, entry, lane) : entryPane(page, entry);
}

function entryPane(page, entry) {
  const { spec, run } = entry;
  const step = entry.kind === "step" ? entry : null;
  const own = step && !lanesOf(step).length ? ownLane(step) : null;
  const visits = entry.visit.entries.filter((other) => other.place === entry.place);
  const title = h("h2", { tabindex: "-1" }, step ? `Step ${number(step.number)}: ` : "Flow ", visible(spec.name));
  return [
    title,
    pathOf(page, entry),
    terms([
      ["State", stateInWords(entry)],
      ["Time", timeInWords(entry, run)],
      step && step.attempts.length > 0 && ["Attempts", attemptsInWords(step)],
      visits.length > 1 && ["Visit", visitLinks(page, entry, visits)],
      spec.node && spec.node !== spec.name && ["Node", h("code", null, visible(spec.node))],
    ]),
    entry.error &&
      (entry.outcome === "suspended"
        ? part("Why it stopped", chainView(entry.error, "plain"))
        : part("Error", chainView(entry.error))),
    own && attemptsPart(own),
    actionPart(page, entry),
    part(
      "Changed",
      changedBy(entry).map((change) => fieldBlock(page, run, change.field, changeView(change, true))),
    ),
    own ? execParts(own, run) : step && lanesPart(page, step),
    step && runsPart(page, step),
    step && readPart(page, entry, spec),
    goOnPart(page, entry),
  ];
}

/** The pane of a branch of a fork, or of an item of a batch. */
function lanePane(page, step, lane) {
  const item = lane.item == null ? undefined : itemOf(lane);
  return [
    h(
      "h2",
      { tabindex: "-1" },
      `Step ${number(step.number)}: `,
      visible(step.spec.name),
      `, ${lane.item == null ? "branch " : ""}`,
      visible(laneName(lane)),
    ),
    pathOf(page, step),
    terms([
      ["State", LANE_STATES[laneState(lane)]],
      ["Time", timeInWords(lane, step.run)],
      ["Attempts", attemptsInWords({ attempts: attemptsOf(lane), failedAttempts: lane.failed })],
    ]),
    lane.error && part("Error", chainView(lane.error)),
    attemptsPart(lane),
    item !== undefined && part("Item", valueView(item, true)),
    lane.inside ? itemsPart(page, step, lane.inside) : execParts(lane, step.run),
    readPart(page, step, lane.spec),
    h(
      "p",
      null,
      link("Show the whole step", () => page.selectEntry(step, { pane: "step" })),
    ),
  ];
}

const LANE_STATES = {
  failed: "failed",
  open: "not ended",
  retried: "done, after a failed attempt",
  done: "done",
};

/** The attempts of an item or a branch. A branch that is a batch has those of its items. */
const attemptsOf = (lane) => (lane.inside ? lane.inside.flatMap((item) => item.attempts) : lane.attempts);

function resumedPane(page, { run, after }) {
  return [
    h("h2", { tabindex: "-1" }, "Resumed"),
    terms([
      ["Stopped", after.ended == null ? "The record of the earlier process just stops" : moment(after.ended)],
      ["Resumed", moment(run.began)],
      ["Between", duration(run.began - knownUntil(after))],
      run.graph.fingerprint !== after.graph.fingerprint && [
        "Graph",
        h("strong", null, "The flow was changed in between."),
      ],
    ]),
    part(
      "Changed in between",
      [...run.fields]
        .filter(
          ([field, [first]]) =>
            after.fields.has(field) && !sameValue(after.fields.get(field).at(-1).value, first.value),
        )
        .map(([field, [first]]) =>
          fieldBlock(page, run, field, changeView({ before: after.fields.get(field).at(-1), after: first })),
        ),
    ),
  ];
}

/** The runs and flows around an entry, from the outside to the inside. */
function pathOf(page, entry) {
  const names = [];
  for (let at = entry; at; at = at.run.of) {
    const { run } = at;
    const flows = at.path.slice(0, -1).map((name) => h("span", null, visible(name)));
    names.unshift(
      run.outer ? link(visible(runName(run)), () => page.selectRun(run)) : h("span", null, visible(run.graph.title)),
      ...flows,
    );
  }
  return h(
    "p",
    { class: "path" },
    names.map((name) => [name, " › "]),
    visible(entry.spec.name),
  );
}

function stateInWords(entry) {
  const exec = entry.kind === "step" ? entry.execs[0] : null;
  if (entry.outcome === "failed") return h("strong", { class: "bad" }, "failed, and the run with it");
  if (entry.outcome === "suspended")
    return entry.waits ? ["waits for ", h("code", null, visible(entry.waits))] : "suspended";
  if (entry.outcome === null) return "not finished: the record stops here, or the step still runs";
  if (entry.taken.failed) return h("strong", { class: "bad" }, "failed, and the flow went on along its error edge");
  if (exec?.kept) return "done in an earlier process, whose result was used";
  return entry.failedAttempts ? "done, after a failed attempt" : "done";
}

function timeInWords(entry, run) {
  const from = `began at +${duration(entry.began - run.thread.runs[0].began)}`;
  return h("span", { title: moment(entry.began) }, `${lengthInWords(entry)}, ${from}`);
}

function attemptsInWords({ attempts, failedAttempts }) {
  return `${number(attempts.length)}${failedAttempts ? `, ${number(failedAttempts)} failed` : ""}`;
}

function visitLinks(page, entry, visits) {
  const at = visits.indexOf(entry);
  const go = (label, other) =>
    other && link(label, () => page.selectEntry(other, {}), { "aria-label": `${label} visit of ${entry.spec.name}` });
  return [
    `${number(at + 1)} of ${number(visits.length)} `,
    go("previous", visits[at - 1]),
    " ",
    go("next", visits[at + 1]),
  ];
}

/** The action that was taken and why, and those that were not. */
function actionPart(page, entry) {
  const { graph } = entry.visit;
  const edges = graph.edges.map((edge, index) => ({ edge, index })).filter(({ edge }) => edge.from === entry.place);
  if (!edges.length && !entry.taken) return null;
  const rows = [];
  const { taken } = entry;
  for (const { edge, index } of edges) {
    const isTaken = taken?.edge === index;
    const otherwise = isTaken && edge.bound && !sameTarget(taken.to, edge.to);
    const mark = (is) => (is ? "✓ taken" : "");
    const row = (is, action, target, bound) =>
      rows.push({
        class: is ? "taken" : null,
        cells: [visible(action), visible(targetName(graph, target)), bound, mark(is)],
      });
    row(
      isTaken && !otherwise,
      edgeName(edge, "to") || "default",
      edge.to,
      edge.bound ? (isTaken ? `${taken.count ?? "?"} of ${edge.bound.max}` : `at most ${edge.bound.max}`) : "",
    );
    if (edge.bound) row(otherwise, `${edgeName(edge, "to") || "default"}, when used up`, edge.bound.otherwise, "");
  }
  return part(
    "Action",
    taken && h("p", null, words(whyTaken(entry, graph))),
    rows.length > 0 && table("Actions of this place", ["Action", "Leads to", "Bound", "Here"], rows),
  );
}

/** Why the flow went where it went. */
function whyTaken(entry, graph) {
  const { taken, spec } = entry;
  const edge = graph.edges[taken.edge];
  const exit = taken.to && "exit" in taken.to ? graph.exits[taken.to.exit] : null;
  const flow = entry.visit.entry ? `the flow \`${graph.title}\`` : "the flow";
  const goes =
    exit === null
      ? `${flow} went to \`${targetName(graph, taken.to)}\``
      : exit === "default"
        ? `${flow} ended`
        : `${flow} ended with \`${exit}\``;
  if (taken.failed) return `\`${spec.name}\` failed, and the flow has an edge for that: ${goes}.`;
  const first = whatEnded(spec, taken.action);
  if (edge?.bound && !sameTarget(taken.to, edge.to)) {
    const often = `had been taken ${edge.bound.max} times, as often as it may be`;
    return `${first}. Its edge to \`${targetName(graph, edge.to)}\` ${often}, so ${goes}.`;
  }
  const bound = edge?.bound ? `: time ${taken.count} of at most ${edge.bound.max}` : "";
  return `${first}, and ${goes}${bound}.`;
}

/** How a place ended, in words. */
function whatEnded(spec, action) {
  if (spec.waits != null)
    return action === "expired" ? `Nobody filled \`${spec.waits}\` in time` : `\`${spec.waits}\` was filled`;
  if (action === "default")
    return spec.actions.length < 2 || spec.kind !== "node"
      ? `\`${spec.name}\` is done`
      : `\`${spec.name}\` returned "default"`;
  return spec.kind === "node" ? `\`${spec.name}\` returned "${action}"` : `\`${spec.name}\` ended with "${action}"`;
}

/** A field with a button that shows its history. */
function fieldBlock(page, run, field, ...content) {
  return h(
    "div",
    { class: "field" },
    h(
      "h4",
      null,
      link(visible(field), () => page.showField(field, run), { title: "Show the history of this field" }),
    ),
    content,
  );
}

function readPart(page, entry, spec) {
  return part(
    "Read",
    readBy(entry, spec).map(({ field, optional, written }) => {
      const writer = written?.entry;
      const from = !written
        ? null
        : writer
          ? [
              " from ",
              link(`step ${number(writer.number ?? 0)}`, () => page.selectEntry(writer, {}), {
                title: writer.spec.name,
              }),
            ]
          : " from the start";
      return fieldBlock(
        page,
        entry.run,
        field,
        h("p", { class: "soft origin" }, optional ? "may be empty" : "", optional && from ? "," : "", from),
        valueView(written?.value),
      );
    }),
  );
}

/** The attempts of one exec, if they say more than that it succeeded. */
function attemptsPart({ attempts }) {
  const shown = attempts.length > 1 || attempts.some(failed);
  return (
    shown &&
    part(
      "Attempts",
      firstOf(attempts, FEW, (attempt) => attemptView(attempt, attempts), h("ol", { class: "plain" })),
    )
  );
}

/** The notes of one exec, and its value. */
function execParts(own, run) {
  const { attempts, notes, exec } = own;
  const calls = notes.filter(isCall);
  const others = notes.filter((note) => !isCall(note));
  const several = attempts.length > 1;
  return [
    part(
      "Model",
      firstOf(calls, FEW, (note) => callView(note, several, run)),
    ),
    part(
      "Notes",
      firstOf(others, FEW, (note) =>
        h(
          "li",
          null,
          h("h4", null, visible(note.name), several && h("span", { class: "soft" }, ` in attempt ${note.attempt}`)),
          valueView(note.value, true),
        ),
      ),
    ),
    exec &&
      part(
        "Exec returned",
        exec.value === undefined && exec.redacted
          ? h("span", { class: "mark" }, "redacted")
          : failed(exec)
            ? h("span", { class: "soft" }, "nothing: it failed")
            : run.values
              ? valueView(exec.value, true)
              : h("span", { class: "soft" }, "Values of exec are not recorded."),
      ),
  ];
}

function attemptView(attempt, all) {
  const pause =
    attempt.number > 1
      ? attempt.began - (all.find((other) => other.number === attempt.number - 1)?.at ?? attempt.began)
      : 0;
  return h(
    "li",
    null,
    h(
      "h4",
      null,
      `Attempt ${attempt.number}${attempt.of > 1 ? ` of ${attempt.of}` : ""} `,
      h(
        "span",
        { class: failed(attempt) ? "bad" : "soft" },
        failed(attempt) ? (attempt.timed_out ? "timed out" : "failed") : "succeeded",
      ),
      h(
        "span",
        { class: "soft" },
        ` after ${duration(attempt.at - attempt.began)}${pause > 1000 ? `, ${duration(pause)} after the one before` : ""}${attempt.gives_up ? ", and was not repeated" : ""}`,
      ),
    ),
    failed(attempt) && chainView(attempt.error),
  );
}

const isCall = (note) =>
  note.name === "model" && note.value !== null && typeof note.value === "object" && !Array.isArray(note.value);

function callView(note, several, run) {
  const { model, input_tokens: input, output_tokens: output, prompt, reply, operation, ...rest } = note.value;
  const facts = [
    several && `attempt ${note.attempt}`,
    operation && operation !== "chat" && String(operation),
    input != null && `${number(input)} tokens in`,
    output != null && `${number(output)} out`,
  ]
    .filter(Boolean)
    .join(", ");
  const content = (name, value) => value !== undefined && [h("h5", null, name), valueView(value, true)];
  return h(
    "li",
    null,
    h("h4", null, visible(String(model ?? "model")), " ", h("span", { class: "soft" }, facts)),
    content("Reply", reply),
    prompt !== undefined && disclosure("Prompt", () => promptView(prompt)),
    prompt === undefined &&
      reply === undefined &&
      !run.content &&
      h("p", { class: "soft" }, "Prompts and replies are not recorded: they are with `content(true)`."),
    Object.keys(rest).length > 0 && valueView(rest),
  );
}

/** A prompt: a text, or messages with roles. */
function promptView(prompt) {
  const isMessage = (one) =>
    one && typeof one === "object" && typeof one.role === "string" && typeof one.content === "string";
  if (!Array.isArray(prompt) || !prompt.length || !prompt.every(isMessage)) return valueView(prompt, true);
  return firstOf(prompt, FEW, ({ role, content }) => h("li", null, h("h5", null, visible(role)), textView(content)));
}
