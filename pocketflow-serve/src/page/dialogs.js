// The dialogs in which a person answers a run, and mends it.

class Dialogs {
  constructor(live) {
    this.live = live;
    this.dialog = document.getElementById("act");
  }

  /** Shows a form. `send` makes the action, and its errors are shown. */
  open(title, content, button, send) {
    const problem = h("p", { class: "problem bad", role: "alert" });
    const submit = h("button", { class: "primary" }, button);
    const form = h("form", { onsubmit: async (event) => {
      event.preventDefault();
      show(problem);
      submit.disabled = true;
      try {
        const { done } = await act({ run: this.live.facts.run, ...send() });
        this.dialog.close();
        this.live.page.toast(`${done}.`);
      } catch (error) {
        show(problem, visible(error.message));
      }
      submit.disabled = false;
    } }, h("h2", null, title), content, problem, h("div", { class: "buttons" }, submit, h("button", { type: "button", onclick: () => this.dialog.close() }, "Close")));
    show(this.dialog, form);
    this.dialog.setAttribute("aria-label", typeof title === "string" ? title : "Form");
    this.dialog.showModal();
    (form.querySelector("input, select, textarea") ?? submit).focus();
  }

  /** A change that needs no value. */
  confirm(title, words, button, action) {
    this.open(title, h("p", null, words), button, () => ({ action }));
  }

  answer() {
    const { facts } = this.live;
    const { wait, schema } = facts;
    const form = schema ? formOf(schema) : jsonForm();
    const content = [
      h("p", null, "The answer is for ", h("code", null, visible(wait)), ", and for no later question."),
      facts.message && h("p", { class: "bad" }, "The last answer was refused: ", visible(facts.message)),
      schema?.description && h("p", null, visible(schema.description)),
      form.element,
      !schema && h("p", { class: "soft" }, "The run has no description of the type. It checks the value when it goes on, and refuses what does not fit."),
    ];
    this.open(["Answer ", visible(facts.waits_for)], content, "Send the answer", () => {
      const value = form.read() ?? form.empty?.();
      if (value === undefined) throw new Error("Fill the form first.");
      return { action: "fill", wait, value };
    });
  }

  /** The choice of a step of the history. */
  steps(chosen) {
    const { history } = this.live.facts;
    const select = h("select", null, [...history].reverse().map(({ step, path, action }) => h("option", { value: step }, `${step}: ${path.split(" > ").slice(1).join(" › ")}${action === "default" ? "" : ` "${action}"`}`)));
    if (history.some(({ step }) => step === chosen)) select.value = chosen;
    return select;
  }

  fork(step) {
    const select = this.steps(step);
    const name = h("input", { type: "text", autocomplete: "off", spellcheck: "false" });
    const suggest = () => (name.value = `${this.live.facts.run}-after-${select.value}`);
    select.addEventListener("change", suggest);
    suggest();
    this.open("Fork the run", [h("p", null, "A new run begins as this one was after a step. This run stays as it is."), labelled("After step", null, select), labelled("Id of the new run", null, name)], "Fork", () => ({ action: "fork", step: Number(select.value), new: name.value }));
  }

  rewind(step) {
    const select = this.steps(step);
    this.open("Rewind the run", [h("p", null, "The run goes back to where it was after a step, and does everything after that again. What it asked after that step, it asks again."), labelled("To after step", null, select)], "Rewind", () => ({ action: "rewind", step: Number(select.value) }));
  }

  async edit() {
    let fields;
    try {
      ({ fields } = await ask(`api/state?${new URLSearchParams({ run: this.live.facts.run })}`));
    } catch (error) {
      return this.live.page.toast(error.message);
    }
    const box = h("div");
    let form;
    const choose = () => {
      const { value } = fields[select.value];
      form = jsonForm(value ?? "");
      show(box, value === null && h("p", { class: "notice" }, "The value is confidential, and the page does not have it. You can replace it."), form.element);
    };
    const select = h("select", { onchange: choose }, fields.map(({ name }, index) => h("option", { value: index }, name)));
    if (!fields.length) return this.live.page.toast("The run has no fields.");
    choose();
    this.open("Edit the store", [h("p", null, "Sets a field of the store as it is now. Whether the value fits shows when the run goes on."), labelled("Field", null, select), box], "Set the field", () => ({ action: "edit", field: fields[select.value].name, value: form.read() }));
  }
}
