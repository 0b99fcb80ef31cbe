// The control for a size: width and height, in percent or pixels, the lock between them, formats, and the size that they give.

import { element, icon } from "./controls.js";

// An image brought to a format grows on one side.
const wide = (ratio) => ({ width, height }) => (width < height * ratio ? `${Math.round(height * ratio)}x${height}` : `${width}x${Math.round(width / ratio)}`);
const FORMATS = [
  ["1:1", wide(1)],
  ["4:3", wide(4 / 3)],
  ["16:9", wide(16 / 9)],
  ["9:16", wide(9 / 16)],
  ["Half", () => "50%x50%"],
  ["Double", () => "200%x200%"],
];
const LOCK = "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z";

const number = (input) => Number(input.value.trim().replace(/%$/, ""));

// Besides what every knob has: sides(), the size in pixels or null, and setSides(width, height).
export function size(option, id, sizeOf) {
  const field = (label, own) => element("input", { id: own, inputMode: "numeric", "aria-label": label, autocomplete: "off" });
  const width = field(`${option.label}: width`, id), height = field(`${option.label}: height`, `${id}-height`);
  const unit = element("select", { "aria-label": `${option.label}: unit` }, ...["%", "px"].map((word) => element("option", { value: word }, word)));
  const lock = element("button", { type: "button", className: "lock", "aria-pressed": "false", "aria-label": "Keep the proportions", title: "Keep the proportions" }, icon(LOCK));
  const outcome = element("output", { className: "hint" });
  const locked = () => lock.getAttribute("aria-pressed") === "true";
  // Without a size the task has its own; with one side the other stays.
  const given = () => Boolean(width.value.trim() || height.value.trim());
  const value = () => {
    const mark = unit.value === "%" ? "%" : "";
    const side = (input) => (input.value.trim() ? input.value.trim().replace(/%$/, "") + mark : "100%");
    return given() ? `${side(width)}x${side(height)}` : (option.default ?? null);
  };
  const sides = () => {
    const shape = sizeOf();
    if (!shape || !given()) return null;
    const pixels = (input, full) => (!input.value.trim() ? full : unit.value === "%" ? Math.round((number(input) / 100) * full) : number(input));
    const found = { width: pixels(width, shape.width), height: pixels(height, shape.height) };
    return found.width > 0 && found.height > 0 ? found : null;
  };
  const refresh = () => {
    const found = sides();
    outcome.value = found ? `${found.width} × ${found.height} pixels` : "";
    for (const input of [width, height]) input.placeholder = unit.value === "%" ? "100" : "same";
  };
  const set = (text) => {
    const parts = (text ?? "").split("x");
    unit.value = !text || parts.every((side) => side.endsWith("%")) ? "%" : "px";
    [width.value, height.value] = [parts[0], parts[1] ?? parts[0]].map((side) => (unit.value === "%" ? side.replace("%", "") : side));
    refresh();
  };
  const setSides = (across, down) => {
    const shape = sizeOf();
    const share = (side, full) => String(Number(((100 * side) / full).toFixed(1)));
    if (unit.value === "%") [width.value, height.value] = [share(across, shape.width), share(down, shape.height)];
    else [width.value, height.value] = [across, down].map((side) => String(Math.round(side)));
    refresh();
  };
  // With the lock, one side follows the other.
  const follow = (input, other) => {
    const shape = sizeOf() ?? { width: 1, height: 1 };
    const ratio = unit.value === "%" ? 1 : input === width ? shape.height / shape.width : shape.width / shape.height;
    if (locked() && number(input) > 0) other.value = String(Number((number(input) * ratio).toFixed(unit.value === "%" ? 1 : 0)));
    refresh();
  };
  width.addEventListener("input", () => follow(width, height));
  height.addEventListener("input", () => follow(height, width));
  unit.addEventListener("input", () => {
    // The same size in the other unit.
    const shape = sizeOf();
    const inPixels = unit.value === "px";
    const other = (input, full) => String(inPixels ? Math.round((number(input) / 100) * full) : Number(((100 * number(input)) / full).toFixed(1)));
    if (shape && width.value && height.value) [width.value, height.value] = [other(width, shape.width), other(height, shape.height)];
    refresh();
  });
  lock.addEventListener("click", () => {
    lock.setAttribute("aria-pressed", String(!locked()));
    follow(width, height);
  });
  const format = (word, shape) => element("button", { type: "button", onclick: () => set(shape(sizeOf() ?? { width: 100, height: 100 })) }, word);
  const formats = element("span", { className: "formats" }, ...FORMATS.map(([word, shape]) => format(word, shape)));
  set(option.default);
  return { element: element("span", { className: "size-row" }, width, "×", height, unit, lock, outcome, formats), value, refresh, set, sides, setSides, locked };
}
