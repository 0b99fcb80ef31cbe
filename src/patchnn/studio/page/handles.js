// Handles at the rim of the image: dragging them sets the size of the result.

import { dashed, corners } from "./outlines.js";

const SIDE = 5;

export class Handles {
  // knob: the control for the size; shown: whether the image on the easel is the one that it is about.
  constructor(knob, shown) {
    this.knob = knob;
    this.shown = shown;
  }

  // The size that is set, in pixels of the image, or null.
  frame() {
    return this.shown() ? this.knob.sides() : null;
  }

  places() {
    const found = this.frame();
    if (!found) return [];
    const { width, height } = found;
    return [
      { x: width, y: height, across: 1, down: 1, cursor: "nwse-resize" },
      { x: width, y: height / 2, across: 1, down: 0, cursor: "ew-resize" },
      { x: width / 2, y: height, across: 0, down: 1, cursor: "ns-resize" },
    ];
  }

  // The handle at a place, or null.
  at({ x, y }, reach) {
    return this.places().find((one) => Math.abs(one.x - x) <= reach && Math.abs(one.y - y) <= reach) ?? null;
  }

  drag({ across, down }, { x, y }) {
    const now = this.frame();
    if (!now) return;
    const ratio = now.height / now.width;
    let width = across ? Math.max(1, x) : now.width, height = down ? Math.max(1, y) : now.height;
    if (this.knob.locked) {
      width = across && down ? Math.max(width, height / ratio) : across ? width : height / ratio;
      height = width * ratio;
    }
    this.knob.setSides(width, height);
  }

  draw(context, pixel) {
    const found = this.frame();
    if (!found) return;
    dashed(context, corners([{ x: 0, y: 0 }, { x: found.width, y: found.height }]), pixel);
    const side = SIDE * pixel * devicePixelRatio;
    for (const { x, y } of this.places()) {
      context.fillStyle = "#000";
      context.fillRect(x - side - pixel, y - side - pixel, 2 * (side + pixel), 2 * (side + pixel));
      context.fillStyle = "#fff";
      context.fillRect(x - side, y - side, 2 * side, 2 * side);
    }
  }
}
