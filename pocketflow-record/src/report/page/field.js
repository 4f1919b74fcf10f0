// The pane of fields: who filled each, where, and with what.

/** The fields of a run and, of one field, its history. */
function fieldPane(page) {
  const { run, entry, field } = page;
  const names = [...run.fields.keys()].sort();
  const title = h("h2", { tabindex: "-1" }, "Fields", run.outer && [" of ", visible(runName(run))]);
  if (!names.length) return [title, h("p", { class: "soft" }, "The record has no fields of this store.")];
  const choose = h(
    "select",
    { onchange: (event) => page.showField(event.target.value || null, run) },
    h("option", { value: "" }, "All fields"),
    names.map((name) => h("option", { value: name, selected: name === field }, inline(name))),
  );
  const label = h("label", { class: "choose" }, "History of ", choose);
  return [
    title,
    label,
    field !== null && run.fields.has(field) ? history(page, run, field) : overview(page, run, entry, names),
  ];
}

/** All fields, as they are after the selected step. */
function overview(page, run, entry, names) {
  const of = entry?.run === run ? entry : null;
  const order = of ? of.order + 0.5 : Infinity;
  const rows = names.map((name) => {
    const all = run.fields.get(name);
    const written = of ? writtenBefore(run, name, { order }) : all.at(-1);
    const writes = all.length - (all[0].entry ? 0 : 1);
    return {
      cells: [
        link(visible(name), () => page.showField(name, run)),
        run.redacted.has(name)
          ? h("span", { class: "mark" }, "redacted")
          : h(
              "code",
              null,
              visible(written === undefined ? "" : written.value === null ? "empty" : preview(written.value, 60)),
            ),
        written?.entry ? writerOf(page, written) : "the start",
        number(writes),
      ],
    };
  });
  const title = of
    ? of.kind === "step"
      ? `After step ${number(of.number)}`
      : `After ${of.spec.name}`
    : run.ended == null
      ? "At the end of the record"
      : "At the end of the run";
  return part(title, table("Fields", ["Field", "Value", "From", "#Writes"], rows));
}

/** Everything that was written to a field, first to last. */
function history(page, run, field) {
  const all = historyOf(run, field);
  const redacted = run.redacted.has(field);
  const changes = all.length - (all[0]?.written.entry ? 0 : 1);
  return part(
    "History",
    h(
      "p",
      { class: "soft" },
      redacted
        ? "The values of this field are redacted."
        : changes
          ? `${count(changes, "change")} in this run`
          : "It did not change in this run.",
    ),
    firstOf(
      all,
      FEW,
      ({ written, before, run: of, resumes }, index) => {
        const { entry } = written;
        const current = entry !== null && entry === page.entry;
        const place = entry?.waits != null ? "filled from outside" : null;
        return h(
          "li",
          { class: `written${current ? " current" : ""}`, "aria-current": current && "step" },
          h(
            "h4",
            null,
            entry
              ? [writerOf(page, written), place && h("span", { class: "soft" }, `, ${place}`)]
              : index === 0
                ? "At the start"
                : resumes
                  ? "Changed while the run was stopped"
                  : "After the last step",
            h("span", { class: "soft" }, ` +${duration(written.at - run.thread.runs[0].began)}`),
          ),
          index === 0 ? valueView(written.value) : changeView({ before, after: written }),
        );
      },
      h("ol", { class: "plain history" }),
    ),
  );
}

function writerOf(page, { entry }) {
  return link([entry.kind === "step" ? `step ${number(entry.number)}, ` : "", visible(entry.spec.name)], () =>
    page.selectEntry(entry, {}),
  );
}
