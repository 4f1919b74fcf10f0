// A form for a value, from the JSON Schema of its type. What a form gives is a text of JSON, so that numbers keep their digits.

/** A choice of more is a list, and of fewer are buttons. */
const MANY_CHOICES = 6;
let forms = 0;

/** Makes a form. The result has an `element`, and `read`, which returns the JSON, or nothing if it is left empty. */
function formOf(schema, root = schema, depth = 0) {
  schema = resolved(schema, root);
  const nullable = withoutNull(schema, root);
  if (nullable) {
    const form = formOf(nullable, root, depth + 1);
    return { element: form.element, read: () => form.read() ?? "null" };
  }
  const choices = choicesOf(schema, root);
  if (choices) return choiceForm(choices);
  if (schema.const !== undefined) return { element: h("code", null, visible(JSON.stringify(schema.const))), read: () => JSON.stringify(schema.const) };
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants && depth < 4) return variantsForm(variants, schema, root, depth);
  switch ([schema.type].flat()[0]) {
    case "boolean": return choiceForm([{ value: true, title: "yes" }, { value: false, title: "no" }]);
    case "string": return textForm();
    case "integer": case "number": return numberForm(schema.type);
    case "object": if (schema.properties && depth < 4) return objectForm(schema, root, depth);
  }
  return jsonForm();
}

function resolved(schema, root) {
  for (let depth = 0; schema?.$ref && depth < 20; depth++) {
    const path = schema.$ref.replace(/^#\/?/, "").split("/").filter(Boolean).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = path.reduce((at, part) => at?.[part], root);
    const { $ref, ...own } = schema;
    schema = { ...found, ...own };
  }
  return schema && typeof schema === "object" ? schema : {};
}

/** The schema without `null`, if it accepts that and something else. */
function withoutNull(schema, root) {
  if (Array.isArray(schema.type) && schema.type.includes("null") && schema.type.length === 2) return { ...schema, type: schema.type.find((type) => type !== "null") };
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts?.length === 2 && parts.some((part) => resolved(part, root).type === "null")) return parts.find((part) => resolved(part, root).type !== "null");
  return null;
}

function choicesOf(schema, root) {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => ({ value, title: String(value) }));
  const parts = schema.oneOf?.flatMap((part) => {
    const { const: value, enum: values, title, description } = resolved(part, root);
    return value !== undefined ? [{ value, title: title ?? String(value), description }] : values ? values.map((value) => ({ value, title: String(value) })) : [null];
  });
  return parts?.length && parts.every((part) => part) ? parts : null;
}

function choiceForm(choices) {
  if (choices.length > MANY_CHOICES) {
    const select = h("select", null, h("option", { value: "" }, "Choose"), choices.map(({ value, title }) => h("option", { value: JSON.stringify(value) }, title)));
    return { element: select, read: () => select.value || undefined };
  }
  const name = `choice-${forms++}`;
  const boxes = choices.map(({ value, title, description }) => {
    const box = h("input", { type: "radio", name, value: JSON.stringify(value) });
    return h("label", { class: "choice" }, box, " ", visible(title), description && h("span", { class: "soft" }, " ", visible(description)));
  });
  const element = h("div", { class: "choices", role: "radiogroup" }, boxes);
  return { element, read: () => element.querySelector("input:checked")?.value };
}

function textForm() {
  const box = h("textarea", { rows: 2, spellcheck: "true" });
  return { element: box, read: () => (box.value === "" ? undefined : JSON.stringify(box.value)), empty: () => '""' };
}

function numberForm(type) {
  const box = h("input", { type: "text", inputmode: type === "integer" ? "numeric" : "decimal", autocomplete: "off" });
  const read = () => {
    const text = box.value.trim();
    if (!text) return undefined;
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new Error(`“${text}” is not a number`);
    return text;
  };
  return { element: box, read };
}

function objectForm(schema, root, depth) {
  const required = new Set(schema.required);
  const parts = Object.entries(schema.properties).map(([name, part]) => ({ name, form: formOf(part, root, depth + 1), description: resolved(part, root).description, fixed: resolved(part, root).const !== undefined }));
  const element = h("fieldset", null, parts.filter((part) => !part.fixed).map(({ name, form, description }) =>
    labelled([h("code", null, visible(name)), !required.has(name) && h("span", { class: "soft" }, " may be left empty")], description, form.element)));
  const read = () => {
    const members = [];
    for (const { name, form } of parts) {
      let value = form.read();
      if (value === undefined && required.has(name)) {
        if (!form.empty) throw new Error(`“${name}” is missing`);
        value = form.empty();
      }
      if (value !== undefined) members.push(`${JSON.stringify(name)}:${value}`);
    }
    return `{${members.join(",")}}`;
  };
  return { element, read };
}

/** A label around a control, or beside a group of controls. */
function labelled(title, description, element) {
  const id = `control-${forms++}`;
  const soft = description && h("span", { id: `${id}-about`, class: "soft description" }, visible(description));
  if (!element.matches("input, select, textarea")) return h("div", { class: "labelled", role: "group", "aria-labelledby": `${id}-title` }, h("span", { id: `${id}-title` }, title), soft, element);
  element.id = id;
  if (soft) element.setAttribute("aria-describedby", soft.id);
  return h("div", { class: "labelled" }, h("label", { for: id }, title), soft, element);
}

/** One of several types: first which one, then its form. */
function variantsForm(variants, schema, root, depth) {
  const parts = variants.map((part) => resolved(part, root)).map((part, index) => ({ title: variantTitle(part, root) ?? `${index + 1}`, form: formOf(part, root, depth + 1) }));
  const box = h("div");
  const select = h("select", { "aria-label": "Which", onchange: () => show(box, parts[select.value].form.element) }, parts.map(({ title }, index) => h("option", { value: index }, title)));
  show(box, parts[0].form.element);
  return { element: h("div", { class: "variants" }, select, box), read: () => parts[select.value].form.read() };
}

function variantTitle(part, root) {
  if (part.title) return part.title;
  const properties = Object.entries(part.properties ?? {});
  const tag = properties.map(([, property]) => resolved(property, root).const).find((value) => value !== undefined);
  return tag !== undefined ? String(tag) : properties.length === 1 ? properties[0][0] : part.type;
}

/** A value of any type: a text, or JSON. */
function jsonForm(value = "", kind = "json") {
  const box = h("textarea", { rows: 4, spellcheck: "false", class: "code", "aria-label": "Value" });
  box.value = value;
  const name = `kind-${forms++}`;
  const choice = (value, title) => {
    const radio = h("input", { type: "radio", name, value });
    radio.checked = value === kind;
    return h("label", { class: "choice" }, radio, ` ${title}`);
  };
  const element = h("div", { class: "variants" }, h("div", { class: "choices" }, choice("json", 'JSON: true, 12, "a text", {"a": 1}'), choice("text", "Text, as it is")), box);
  const read = () => {
    if (element.querySelector("input:checked").value === "text") return JSON.stringify(box.value);
    try {
      JSON.parse(box.value);
    } catch (error) {
      throw new Error(`The value is not JSON: ${error.message}. A text needs quotation marks, or choose “Text”.`);
    }
    return box.value;
  };
  return { element, read };
}
