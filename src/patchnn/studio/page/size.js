// The control for a size: width and height, in percent or pixels, the lock between them, formats, and the size that they give.

import { element, icon } from "./elements.js";

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
const rounded = (value, digits) => String(Number(value.toFixed(digits)));

// A knob as all are; besides, sides() tells the size in pixels or null, as a frame, and setSides(frame) sets it.
export function size(option, id, sizeOf) {
  return new Size(option, id, sizeOf);
}

class Size {
  constructor(option, id, sizeOf) {
    const field = (label, own) => element("input", { id: own, inputMode: "numeric", "aria-label": `${option.label}: ${label}`, autocomplete: "off" });
    this.usual = option.default ?? null;
    this.around = false;
    this.sizeOf = sizeOf;
    this.width = field("width", id);
    this.height = field("height", `${id}-height`);
    this.unit = element("select", { "aria-label": `${option.label}: unit` }, ...["%", "px"].map((word) => element("option", { value: word }, word)));
    this.lock = element("button", { type: "button", className: "lock", "aria-pressed": "false", "aria-label": "Keep the proportions", title: "Keep the proportions" }, icon(LOCK));
    this.outcome = element("output", { className: "hint" });
    const format = (word, shape) => element("button", { type: "button", onclick: () => this.set(shape(sizeOf() ?? { width: 100, height: 100 })) }, word);
    const formats = element("span", { className: "formats" }, ...FORMATS.map(([word, shape]) => format(word, shape)));
    this.element = element("span", { className: "size-row" }, this.width, "×", this.height, this.unit, this.lock, this.outcome, formats);
    this.width.addEventListener("input", () => this.follow(this.width, this.height));
    this.height.addEventListener("input", () => this.follow(this.height, this.width));
    this.unit.addEventListener("input", () => this.convert());
    this.lock.addEventListener("click", () => {
      this.lock.setAttribute("aria-pressed", String(!this.locked));
      this.follow(this.width, this.height);
    });
    this.set(option.default);
  }

  get locked() {
    return this.lock.getAttribute("aria-pressed") === "true";
  }

  get inPercent() {
    return this.unit.value === "%";
  }

  // Without a size the task has its own; with one side the other stays.
  get given() {
    return Boolean(this.width.value.trim() || this.height.value.trim());
  }

  value() {
    const mark = this.inPercent ? "%" : "";
    const side = (input) => (input.value.trim() ? input.value.trim().replace(/%$/, "") + mark : "100%");
    return this.given ? `${side(this.width)}x${side(this.height)}` : this.usual;
  }

  sides() {
    const shape = this.sizeOf();
    if (!shape || !this.given) return null;
    const pixels = (input, full) => (!input.value.trim() ? full : this.inPercent ? Math.round((number(input) / 100) * full) : number(input));
    const found = { x: 0, y: 0, width: pixels(this.width, shape.width), height: pixels(this.height, shape.height) };
    return found.width > 0 && found.height > 0 ? found : null;
  }

  setSides({ width, height }) {
    const shape = this.sizeOf();
    const side = (pixels, full) => (this.inPercent ? rounded((100 * pixels) / full, 1) : rounded(pixels, 0));
    this.width.value = side(width, shape.width);
    this.height.value = side(height, shape.height);
    this.refresh();
  }

  refresh() {
    const found = this.sides();
    this.outcome.value = found ? `${found.width} × ${found.height} pixels` : "";
    for (const input of [this.width, this.height]) input.placeholder = this.inPercent ? "100" : "same";
  }

  set(text) {
    const sides = (text ?? "").split("x");
    this.unit.value = !text || sides.every((side) => side.endsWith("%")) ? "%" : "px";
    [this.width.value, this.height.value] = [sides[0], sides[1] ?? sides[0]].map((side) => (this.inPercent ? side.replace("%", "") : side));
    this.refresh();
  }

  // With the lock, one side follows the other.
  follow(input, other) {
    const shape = this.sizeOf() ?? { width: 1, height: 1 };
    const ratio = this.inPercent ? 1 : input === this.width ? shape.height / shape.width : shape.width / shape.height;
    if (this.locked && number(input) > 0) other.value = rounded(number(input) * ratio, this.inPercent ? 1 : 0);
    this.refresh();
  }

  // The same size in the unit that is now chosen.
  convert() {
    const shape = this.sizeOf();
    const other = (input, full) => (this.inPercent ? rounded((100 * number(input)) / full, 1) : rounded((number(input) / 100) * full, 0));
    if (shape && this.width.value && this.height.value) [this.width.value, this.height.value] = [other(this.width, shape.width), other(this.height, shape.height)];
    this.refresh();
  }
}
