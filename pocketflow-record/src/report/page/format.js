// Texts for people: times, numbers, and short versions of values.

/** Characters that nobody sees, or that change the order of others: control characters, directions, and tags. */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

function escape(character) {
  const code = character.codePointAt(0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
}

const round = (value) => Number(value.toPrecision(3));
const number = (value) => value.toLocaleString("en");
const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** A count in a few characters. */
const compact = (value) =>
  value < 1000
    ? String(value)
    : value < 1e6
      ? `${Number((value / 1000).toPrecision(2))}k`
      : `${Number((value / 1e6).toPrecision(2))}M`;

/** A length of time in microseconds. */
function duration(time) {
  if (time == null) return "";
  if (time < 1000) return `${Math.round(time)} µs`;
  if (time < 1e6) return `${round(time / 1000)} ms`;
  if (time < 60e6) return `${round(time / 1e6)} s`;
  const seconds = Math.round(time / 1e6);
  const parts = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = parts.findIndex(([size]) => seconds >= size);
  return parts
    .slice(first, first + 2)
    .map(([size, unit], index) => {
      const whole = Math.floor((index ? seconds % parts[first][0] : seconds) / size);
      return index && !whole ? "" : `${whole} ${unit}`;
    })
    .join(" ")
    .trim();
}

/** A point in time, in microseconds since the epoch. */
function moment(time) {
  const date = new Date(time / 1000);
  const two = (part) => String(part).padStart(2, "0");
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

/** Lines that may have a whole number that a number of JavaScript cannot hold. */
const LARGE = /\d{17}|9\d{15}/;

/** A whole number that a number of JavaScript cannot hold. It has its digits. */
class Digits {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }

  toJSON() {
    return this.text;
  }
}

/** Keeps all digits of whole numbers, where the browser shows them to a reviver. */
function exact(_, value, context) {
  const lost = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "");
  return lost ? new Digits(context.source) : value;
}

const special = (value, name) =>
  value !== null &&
  typeof value === "object" &&
  !Array.isArray(value) &&
  Object.keys(value).length === 1 &&
  Object.hasOwn(value, name);
const isRedacted = (value) => special(value, "$redacted");
const isUnwritable = (value) => special(value, "$unwritable");

/** A value on one line of at most about this many characters. It looks at no more of the value than it shows. */
function preview(value, most = 80) {
  let left = most;
  const text = [];
  const put = (part) => {
    text.push(part.length > left ? `${part.slice(0, Math.max(left, 0))}…` : part);
    left -= part.length;
  };
  const write = (value, depth) => {
    if (left <= 0) return;
    if (typeof value === "string") put(JSON.stringify(value.slice(0, left + 1)));
    else if (value === null || typeof value !== "object" || value instanceof Digits) put(String(value));
    else if (isRedacted(value)) put("redacted");
    else if (isUnwritable(value)) put("not recorded");
    else if (depth > 4) put("…");
    else {
      const list = Array.isArray(value);
      put(list ? "[" : "{");
      let first = true;
      for (const key in value) {
        if (!Object.hasOwn(value, key)) continue;
        if (left <= 0) return;
        if (!first) put(", ");
        first = false;
        if (!list) put(`${key.slice(0, left + 1)}: `);
        write(value[key], depth + 1);
      }
      put(list ? "]" : "}");
    }
  };
  write(value, 0);
  const line = text.join("");
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** An argument as a shell reads it. */
const argument = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The last cause of a chain, which is most often what a person wants to read first. */
const rootCause = (chain) => chain[chain.length - 1] ?? "";
