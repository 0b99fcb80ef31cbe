// Handles at the rim of the image: dragging them sets the size of the result, or what is added to each side.

import { dashed, corners } from "./outlines.js";

const SIDE = 5;
const CURSORS = { "1,0": "ew", "0,1": "ns", "1,1": "nwse", "-1,1": "nesw" };

export class Handles {
  // knob: the control for the size, or the margins; shown: whether the image on the easel is the one that it is about.
  constructor(knob, shown) {
    this.knob = knob;
    this.shown = shown;
  }

  // The frame that is set, in pixels of the image, or null.
  frame() {
    return this.shown() ? this.knob.sides() : null;
  }

  places() {
    const found = this.frame();
    if (!found) return [];
    const { x, y, width, height } = found;
    const ways = this.knob.around ? [1, 0, -1] : [1, 0];
    const all = ways.flatMap((across) => ways.map((down) => ({ across, down }))).filter(({ across, down }) => across || down);
    return all.map(({ across, down }) => {
      const cursor = `${CURSORS[[across, down].join()] ?? CURSORS[[-across, -down].join()]}-resize`;
      return { x: x + (width * (1 + across)) / 2, y: y + (height * (1 + down)) / 2, across, down, cursor };
    });
  }

  // The handle at a place, or null.
  at({ x, y }, reach) {
    return this.places().find((one) => Math.abs(one.x - x) <= reach && Math.abs(one.y - y) <= reach) ?? null;
  }

  drag({ across, down }, place) {
    const now = this.frame();
    if (!now) return;
    const ratio = now.height / now.width;
    let left = now.x, top = now.y, right = now.x + now.width, bottom = now.y + now.height;
    if (across > 0) right = Math.max(left + 1, place.x);
    if (across < 0) left = Math.min(right - 1, place.x);
    if (down > 0) bottom = Math.max(top + 1, place.y);
    if (down < 0) top = Math.min(bottom - 1, place.y);
    if (this.knob.locked) {
      right = across && down ? Math.max(right, bottom / ratio) : across ? right : bottom / ratio;
      bottom = right * ratio;
    }
    this.knob.setSides({ x: left, y: top, width: right - left, height: bottom - top });
  }

  draw(context, pixel) {
    const found = this.frame();
    if (!found) return;
    const { x: left, y: top, width, height } = found;
    dashed(context, corners([{ x: left, y: top }, { x: left + width, y: top + height }]), pixel);
    const side = SIDE * pixel * devicePixelRatio;
    for (const { x, y } of this.places()) {
      context.fillStyle = "#000";
      context.fillRect(x - side - pixel, y - side - pixel, 2 * (side + pixel), 2 * (side + pixel));
      context.fillStyle = "#fff";
      context.fillRect(x - side, y - side, 2 * side, 2 * side);
    }
  }
}
