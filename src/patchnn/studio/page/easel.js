// The easel: the image that is edited, and the tools. Pointer and keyboard drive the tools by down, move and up.

import { View } from "./view.js";
import { corners, cross, dashed, frame, lasso, path, placed, points, rectangle, ring, stroke } from "./outlines.js";
import { Selection } from "./selection.js";

export class Easel {
  // changed: called after a change of the image or the selection; picked: called with a colour picked from the image.
  constructor(canvas, { changed, picked }) {
    /** @type {HTMLCanvasElement} */
    this.canvas = canvas;
    this.changed = changed;
    this.picked = picked;
    /** @type {import("./image.js").EditableImage} */
    this.image = null;
    this.tool = "brush";
    this.size = 24;
    /** @type {number[] | null} */
    this.colour = null;
    this.cursor = this.guest = this.stroke = this.pointer = null;
    this.lassoed = this.dragged = null;
    /** @type {[any, any] | null} */
    this.framed = null;
    this.marks = true;
    this.panning = this.spaced = this.penDown = false;
    this.selection = new Selection(this);
    this.view = new View(canvas, (context, pixel) => this.above(context, pixel));
    this.pointers = new Map();
    canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.released(event));
    canvas.addEventListener("pointerleave", () => this.pointAt(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.penUp());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  put(image) {
    if (image === this.image) return;
    this.selection.select(null);
    this.image = image;
    this.cursor = null;
    this.show();
  }

  touched() {
    this.view.draw();
    this.changed();
  }

  // guest: {canvas, width, height, box} shown in place of the image, to point at the origin of a patch.
  show(guest = null) {
    this.guest = guest;
    const shown = guest ?? this.image;
    if (!shown) return;
    const layers = guest ? [guest.canvas] : this.marks ? [this.image.canvas, this.image.overlay] : [this.image.canvas];
    this.view.show(shown.width, shown.height, layers);
  }

  choose(tool) {
    if (!["rectangle", "lasso", "hand"].includes(tool)) this.selection.select(null);
    this.penUp();
    this.tool = tool;
    this.canvas.dataset.cursor = tool;
    this.view.draw();
  }

  // One pointer is a tool, two zoom and move; the middle button or the space bar moves.
  pressed(event) {
    if (!this.image) return;
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.giveUp();
    else if (this.pointers.size === 1) {
      this.panning = this.tool === "hand" || event.button === 1 || this.spaced;
      if (!this.panning && event.button === 0) this.down(this.view.place(event), event.altKey);
    }
  }

  moved(event) {
    if (!this.image) return;
    const before = this.pointers.get(event.pointerId);
    if (before) this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.pinch(event, before);
    else if (before && this.panning) this.view.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (before) for (const point of points(event)) this.move(this.view.place(point));
    if (event.pointerType !== "touch") this.pointAt(this.view.place(event));
  }

  released(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (!this.panning) this.up();
    this.panning = this.pointers.size > 0;
  }

  pinch(event, before) {
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
    const middle = this.view.screen({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    this.view.zoom(apart(event) / Math.max(1, apart(before)), middle.x, middle.y);
    this.view.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
  }

  // A second finger touches: undo what the first one did.
  giveUp() {
    if (this.stroke) {
      this.image.cancel();
      this.stroke = null;
    }
    this.lassoed = this.framed = this.dragged = null;
    this.panning = true;
  }

  pointAt(place) {
    this.pointer = place;
    this.view.draw();
  }

  // Arrow keys move a cursor, or the selected piece; space puts the tool down and lifts it.
  key(event) {
    if (!this.image || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
    if (dx || dy) {
      if (this.selection.area && !this.penDown) this.selection.nudge(dx, dy);
      else this.walk(dx, dy);
    } else if (event.key === " ") this.penDown ? this.penUp() : this.putPenDown();
    else if (event.key === "Enter") {
      if (this.penDown) this.penUp();
      else this.selection.done();
    } else if (event.key === "Escape" && this.selection.area) this.selection.piece ? this.undo() : this.selection.select(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  walk(dx, dy) {
    const { width, height } = this.image;
    const from = this.cursor ?? { x: Math.floor(width / 2) + 0.5, y: Math.floor(height / 2) + 0.5 };
    const within = (value, end) => Math.min(end - 0.5, Math.max(0.5, value));
    this.cursor = { x: within(from.x + dx, width), y: within(from.y + dy, height) };
    if (this.penDown) this.move(this.cursor);
    this.pointAt(this.cursor);
  }

  putPenDown() {
    this.walk(0, 0);
    if (this.tool === "hand") return;
    this.penDown = true;
    this.down(this.cursor, false);
    if (this.tool === "picker") this.penUp();
  }

  penUp() {
    if (!this.penDown) return;
    this.penDown = false;
    this.up();
  }

  // The tools.

  down(place, alt) {
    const selecting = this.tool === "rectangle" || this.tool === "lasso";
    if (this.tool === "picker" || (alt && !selecting)) {
      this.pick(place);
    } else if (this.tool === "brush" || this.tool === "eraser") {
      this.image.begin();
      this.stroke = place;
      this.dab(place, place);
    } else if (selecting && this.selection.holds(place)) {
      if (!this.selection.piece || alt) this.selection.lift(alt);
      this.dragged = { x: place.x - this.selection.piece.x, y: place.y - this.selection.piece.y };
    } else if (selecting) {
      this.selection.select(null);
      if (this.tool === "rectangle") this.framed = [place, place];
      else this.lassoed = [place];
    }
  }

  move(place) {
    if (this.stroke) {
      this.dab(this.stroke, place);
      this.stroke = place;
    } else if (this.dragged) {
      this.selection.move(Math.round(place.x - this.dragged.x), Math.round(place.y - this.dragged.y));
    } else if (this.framed) this.framed[1] = place;
    else this.lassoed?.push(place);
    this.view.draw();
  }

  up() {
    if (this.stroke) {
      this.stroke = null;
      this.image.end();
      this.changed();
    } else if (this.framed) {
      const framed = this.framed;
      this.framed = null;
      this.selection.select(rectangle(framed, this.image));
    } else if (this.lassoed) {
      const points = this.lassoed;
      this.lassoed = null;
      this.selection.select(lasso(points, this.image));
    }
    this.dragged = null;
    this.view.draw();
  }

  dab(from, to) {
    const { box, inside } = stroke(from, to, Math.max(0.5, this.size / 2));
    this.image.paint(box, inside, this.tool === "eraser" ? (i) => this.image.erase(i) : this.image.painter(this.colour));
    this.view.draw();
  }

  pick(place) {
    const x = Math.floor(place.x), y = Math.floor(place.y);
    if (x >= 0 && y >= 0 && x < this.image.width && y < this.image.height) this.picked(this.image.colourAt(x, y));
  }

  // A floating piece goes back where it was.
  undo() {
    if (this.selection.forget()) this.image.refresh();
    else this.image?.undo();
    this.touched();
  }

  redo() {
    this.selection.drop();
    this.selection.forget();
    this.image?.redo();
    this.touched();
  }

  // What is drawn above the image.

  above(context, pixel) {
    if (this.guest) {
      frame(context, this.guest.box, pixel);
      return;
    }
    const { piece, area } = this.selection;
    if (piece) context.drawImage(piece.canvas, piece.x, piece.y);
    if (area) dashed(context, placed(area), pixel);
    if (this.framed) dashed(context, corners(this.framed), pixel);
    if (this.lassoed) dashed(context, path(this.lassoed), pixel);
    if (this.pointer && (this.tool === "brush" || this.tool === "eraser")) ring(context, this.pointer, this.size / 2, pixel);
    else if (this.pointer && this.pointer === this.cursor) cross(context, this.cursor, pixel);
  }
}
