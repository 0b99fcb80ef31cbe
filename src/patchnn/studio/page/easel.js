// The easel: the image that is edited, and the tools. Pointer and keyboard drive the tools by down, move and up.

import { View } from "./view.js";
import { corners, cross, dashed, frame, lasso, path, placed, rectangle, ring, stroke } from "./outlines.js";
import { alike } from "./regions.js";
import { listen } from "./pointing.js";
import { Selection } from "./selection.js";

const SELECTING = ["rectangle", "lasso", "wand"];
// How far a colour may be from the one that the wand touches, of 255.
const TOLERANCE = 24;

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
    this.lassoed = this.dragged = this.wand = null;
    /** @type {[any, any] | null} */
    this.framed = null;
    this.marks = true;
    // Handles at the rim of the image, of a task that changes its size, and the one that is held.
    /** @type {import("./handles.js").Handles | null} */
    this.handles = null;
    this.grip = null;
    this.waved = 0;
    this.selection = new Selection(this);
    this.view = new View(canvas, (context, pixel) => this.above(context, pixel));
    this.pointing = listen(this);
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
    const { canvas, overlay, labels } = this.image;
    const layers = guest ? [guest.canvas] : labels ? [labels.under, canvas] : this.marks ? [canvas, overlay] : [canvas];
    // What labels are drawn over shines through them.
    this.view.veil = labels && !guest ? 0.6 : 1;
    this.view.show(shown.width, shown.height, layers);
  }

  choose(tool) {
    if (![...SELECTING, "hand"].includes(tool)) this.selection.select(null);
    this.pointing.penUp();
    this.tool = tool;
    this.canvas.dataset.cursor = tool;
    this.view.draw();
  }

  // A second finger touches: undo what the first one did.
  giveUp() {
    if (this.stroke) {
      this.image.cancel();
      this.stroke = null;
    }
    this.lassoed = this.framed = this.dragged = this.wand = this.grip = null;
  }

  pointAt(place) {
    this.pointer = place;
    this.view.draw();
  }

  // The tools.

  // reach: how near to a handle a pointer holds it.
  down(place, alt, reach = 0) {
    const selecting = SELECTING.includes(this.tool);
    this.grip = reach ? this.handles?.at(place, reach) : null;
    if (this.grip) return;
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
      else if (this.tool === "lasso") this.lassoed = [place];
      else this.touch((this.wand = place), place);
    }
  }

  // The wand takes more the farther it is dragged.
  touch(from, to) {
    const apart = (Math.hypot(to.x - from.x, to.y - from.y) * this.view.scale) / devicePixelRatio;
    this.selection.area = alike(this.image, from, TOLERANCE + apart / 3);
    this.touched();
  }

  move(place) {
    if (this.grip) this.handles.drag(this.grip, place);
    else if (this.wand) {
      const { wand } = this;
      cancelAnimationFrame(this.waved);
      this.waved = requestAnimationFrame(() => this.touch(wand, place));
    } else if (this.stroke) {
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
    if (this.grip) this.view.fit(false);
    this.dragged = this.wand = this.grip = null;
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
    this.handles?.draw(context, pixel);
    if (piece) context.drawImage(piece.canvas, piece.x, piece.y);
    if (area) dashed(context, placed(area), pixel);
    if (this.framed) dashed(context, corners(this.framed), pixel);
    if (this.lassoed) dashed(context, path(this.lassoed), pixel);
    if (this.pointer && (this.tool === "brush" || this.tool === "eraser")) ring(context, this.pointer, this.size / 2, pixel);
    else if (this.pointer && this.pointer === this.cursor) cross(context, this.cursor, pixel);
  }
}
