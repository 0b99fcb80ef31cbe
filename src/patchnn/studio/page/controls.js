// Controls for the options that the server describes: the same as on the command line.

import { element } from "./elements.js";
import { size } from "./size.js";

let count = 0;

// A knob: its element, value(), which gives what the option is set to (null leaves it to the task), and set(value).
export function knob(option, sizeOf) {
  const id = `knob-${++count}`;
  const made = (makers[option.type] ?? text)(option, id, sizeOf);
  // Its own fields show how a size is given.
  const said = option.type === "size" ? option.help.replace(/, as \d[^;.]*/, "") : option.help;
  const help = element("p", { id: `${id}-help`, className: "hint" }, option.bounds ? `${said} (${option.bounds})` : said);
  const label = element("label", { htmlFor: id }, option.label);
  const row = element("div", { className: `knob ${option.type}` }, label, made.element, help);
  row.querySelector(`#${id}`).setAttribute("aria-describedby", help.id);
  const { refresh = () => {}, suggest = (_text) => {} } = made;
  return Object.assign(made, { refresh, suggest, option, element: row });
}

const makers = { number, integer: number, flag, choice, text, size };

function text(option, id) {
  const input = element("input", { id, name: option.name, value: option.default ?? "", autocomplete: "off", spellcheck: false });
  const value = () => (input.value === "" && option.optional ? null : input.value);
  // The words that the option knows are buttons; any other text can be typed.
  let own = false;
  const write = (text) => {
    own = true;
    input.value = text;
  };
  input.addEventListener("input", () => (own = true));
  const word = (text) => element("button", { type: "button", "aria-label": `${option.label}: ${text}`, onclick: () => write(text) }, text);
  const suggest = (text) => own || (input.value = text);
  const set = (text) => (input.value = text ?? "");
  return { element: element("span", { className: "pair" }, input, ...option.words.map(word)), value, suggest, set };
}

function flag(option, id) {
  const input = element("input", { id, name: option.name, type: "checkbox", checked: Boolean(option.default) });
  return { element: input, value: () => input.checked, set: (on) => (input.checked = Boolean(on)) };
}

function choice(option, id) {
  const input = element("select", { id, name: option.name }, ...option.choices.map((word) => element("option", { value: word }, word)));
  input.value = option.default ?? option.choices[0];
  return { element: input, value: () => input.value, set: (word) => (input.value = word) };
}

// A field for the number, and a slider where the number has a lower bound and a default.
function number(option, id) {
  const start = option.default === null ? "" : String(option.default);
  const placeholder = option.default === null ? "default" : "";
  const field = element("input", { id, name: option.name, value: start, placeholder, inputMode: "decimal", autocomplete: "off" });
  const value = () => {
    const written = field.value.trim().replace(",", ".");
    if (written === "") return option.default ?? null;
    // The server refuses other text, in its own words.
    return Number.isNaN(Number(written)) ? written : Number(written);
  };
  const write = (text) => (field.value = text === null ? "" : String(text));
  if (option.min === null || typeof option.default !== "number") return { element: field, value, set: write };
  // A slider to a far bound could not be set finely; the field takes any number.
  const top = option.max !== null && option.max <= 100 ? option.max : Math.max(option.type === "integer" ? 10 : 2, 4 * option.default);
  const step = option.type === "integer" ? 1 : (top - option.min) / 200;
  const slider = element("input", { type: "range", min: option.min, max: top, step, value: option.default, "aria-label": option.label, tabIndex: 0 });
  slider.addEventListener("input", () => (field.value = String(Number(Number(slider.value).toFixed(3)))));
  field.addEventListener("input", () => (slider.value = field.value));
  const set = (text) => (slider.value = write(text));
  return { element: element("span", { className: "pair" }, slider, field), value, set };
}
