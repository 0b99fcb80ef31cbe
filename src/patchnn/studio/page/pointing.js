// What pointers and keys do on the easel: they put its tool down, move it and lift it, or move the view.

import { points } from "./outlines.js";

class Pointing {
  constructor(easel) {
    /** @type {import("./easel.js").Easel} */
    this.easel = easel;
    this.pointers = new Map();
    // spaced: the space bar is held; penDown: the keyboard holds the tool down.
    this.panning = this.spaced = this.penDown = false;
  }

  // One pointer is a tool, two zoom and move; the middle button or the space bar moves.
  pressed(event) {
    const { easel } = this;
    if (!easel.image) return;
    easel.canvas.focus({ preventScroll: true });
    easel.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) {
      easel.giveUp();
      this.panning = true;
    } else if (this.pointers.size === 1) {
      const held = easel.handles?.at(easel.view.place(event), this.reach(event));
      this.panning = (easel.tool === "hand" && !held) || event.button === 1 || this.spaced;
      if (!this.panning && event.button === 0) easel.down(easel.view.place(event), event.altKey, this.reach(event));
    }
  }

  moved(event) {
    const { easel } = this;
    if (!easel.image) return;
    const before = this.pointers.get(event.pointerId);
    if (before) this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.pinch(event, before);
    else if (before && this.panning) easel.view.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (before) for (const point of points(event)) easel.move(easel.view.place(point));
    if (event.pointerType === "touch") return;
    easel.pointAt(easel.view.place(event));
    easel.canvas.style.cursor = (before ? easel.grip : easel.handles?.at(easel.view.place(event), this.reach(event)))?.cursor ?? "";
  }

  // How near to a handle a pointer must be to hold it, in the image's pixels.
  reach(event) {
    return ((event.pointerType === "touch" ? 22 : 10) * devicePixelRatio) / this.easel.view.scale;
  }

  released(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (!this.panning) this.easel.up();
    this.panning = this.pointers.size > 0;
  }

  pinch(event, before) {
    const { view } = this.easel;
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
    const middle = view.screen({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    view.zoom(apart(event) / Math.max(1, apart(before)), middle.x, middle.y);
    view.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
  }

  // Arrow keys move a cursor, or the selected piece; space puts the tool down and lifts it.
  key(event) {
    const { easel } = this;
    const { selection } = easel;
    if (!easel.image || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
    if (dx || dy) {
      if (selection.area && !this.penDown) selection.nudge(dx, dy);
      else this.walk(dx, dy);
    } else if (event.key === " ") this.penDown ? this.penUp() : this.putPenDown();
    else if (event.key === "Enter") {
      if (this.penDown) this.penUp();
      else selection.done();
    } else if (event.key === "Escape" && selection.area) selection.piece ? easel.undo() : selection.select(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  walk(dx, dy) {
    const { easel } = this;
    const { width, height } = easel.image;
    const from = easel.cursor ?? { x: Math.floor(width / 2) + 0.5, y: Math.floor(height / 2) + 0.5 };
    const within = (value, end) => Math.min(end - 0.5, Math.max(0.5, value));
    easel.cursor = { x: within(from.x + dx, width), y: within(from.y + dy, height) };
    if (this.penDown) easel.move(easel.cursor);
    easel.pointAt(easel.cursor);
  }

  putPenDown() {
    const { easel } = this;
    this.walk(0, 0);
    if (easel.tool === "hand") return;
    this.penDown = true;
    easel.down(easel.cursor, false);
    if (easel.tool === "picker") this.penUp();
  }

  penUp() {
    if (!this.penDown) return;
    this.penDown = false;
    this.easel.up();
  }
}

export function listen(easel) {
  const { canvas } = easel;
  const made = new Pointing(easel);
  canvas.addEventListener("pointerdown", (event) => made.pressed(event));
  canvas.addEventListener("pointermove", (event) => made.moved(event));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => made.released(event));
  canvas.addEventListener("pointerleave", () => easel.pointAt(null));
  canvas.addEventListener("keydown", (event) => made.key(event));
  canvas.addEventListener("blur", () => made.penUp());
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  return made;
}
