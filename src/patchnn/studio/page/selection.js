// The selection on the easel, and the piece that was lifted from it: moved, copied, filled and deleted.

import { HOLE, PAINTED } from "./image.js";
import { canvasOf, clip } from "./pixels.js";
import { fillSmoothly } from "./fill.js";
import { each, within } from "./outlines.js";
import { grown, shares } from "./regions.js";

const RIM = 16;
// Pixels by which the rim becomes softer at a time.
const SOFTER = 3;

export class Selection {
  // easel: gives the image, and is told of changes. area: what is selected; piece: the lifted pixels, while they float.
  constructor(easel) {
    /** @type {import("./easel.js").Easel} */
    this.easel = easel;
    this.area = this.piece = null;
  }

  get image() {
    return this.easel.image;
  }

  select(area) {
    if (!area && !this.area) return;
    this.drop();
    this.area = area;
    this.easel.touched();
  }

  holds(place) {
    const s = this.area;
    if (!s) return false;
    const x = Math.floor(place.x) - s.x, y = Math.floor(place.y) - s.y;
    return x >= 0 && y >= 0 && x < s.width && y < s.height && Boolean(s.inside[y * s.width + x]);
  }

  move(x, y) {
    Object.assign(this.piece, { x, y });
    Object.assign(this.area, { x, y });
  }

  nudge(dx, dy) {
    if (!this.piece) this.lift(false);
    this.move(this.piece.x + dx, this.piece.y + dy);
    this.easel.view.draw();
  }

  // Lift the selected pixels. Unless it is a copy, the hole they leave is filled smoothly from around it.
  lift(copy) {
    if (this.piece) this.land();
    const s = this.area, { image } = this;
    const pixels = new Uint8ClampedArray(s.width * s.height * 4);
    each(s, image, (at, i) => pixels.set(image.pixels.subarray(i * 4, i * 4 + 4), at * 4));
    if (!copy) this.cut();
    this.piece = { ...s, pixels, copy, canvas: null };
    this.look();
    // A copy counts as an edit from now on, though it changes the image only when it lands.
    image.edited = true;
    this.easel.touched();
  }

  // Draw the piece as it will land.
  look() {
    const { piece } = this;
    const seen = piece.pixels.slice();
    shares(piece).forEach((share, at) => (seen[at * 4 + 3] *= share));
    piece.canvas = canvasOf(piece.width, piece.height, seen);
  }

  cut() {
    const s = this.area, { image } = this;
    image.begin();
    const box = clip({ x: s.x - RIM, y: s.y - RIM, width: s.width + 2 * RIM, height: s.height + 2 * RIM }, image.width, image.height);
    const around = image.read(box);
    const known = new Uint8Array(box.width * box.height).fill(1);
    each(s, image, (_, i, x, y) => (known[(y - box.y) * box.width + x - box.x] = 0));
    fillSmoothly(around.pixels, known, box.width, box.height);
    this.put(s, box, around.pixels, HOLE);
  }

  // Put the piece down where it is. The selection stays.
  land() {
    const { piece, image } = this;
    this.piece = null;
    if (!piece) return;
    image.begin();
    this.put(piece, piece, piece.pixels, 0, piece.soft ? shares(piece) : null);
  }

  // Copy an area's pixels from those of a box into the image, as one step with what began before. shares: how much of each, where
  // the area is the box.
  put(area, box, pixels, mark, shares = null) {
    const { image } = this;
    image.paint(area, within(area), (i) => {
      const at = (Math.floor(i / image.width) - box.y) * box.width + (i % image.width) - box.x;
      image.mix(i, pixels.subarray(at * 4, at * 4 + 4), shares ? shares[at] : 1);
      image.marks[i] = mark;
    });
    image.end();
  }

  drop() {
    if (!this.piece) return;
    this.land();
    this.easel.touched();
  }

  done() {
    this.select(null);
  }

  // Before the image is used: a piece lands, and where marks are asked for, what is selected is marked, or painted.
  settle(marks) {
    if (this.piece || !marks) this.drop();
    else if (this.easel.colour) this.fill();
    else this.mark();
  }

  copy() {
    if (this.area) this.lift(true);
  }

  fill() {
    if (!this.area) return;
    this.drop();
    this.image.begin();
    const { area } = this, { colour } = this.easel;
    const pixels = new Uint8ClampedArray(area.width * area.height * 4);
    for (let at = 0; at < pixels.length; at += 4) pixels.set(colour, at);
    this.put(area, area, pixels, PAINTED, shares(area));
    this.select(null);
  }

  // Mark the selected pixels without a colour.
  mark() {
    if (!this.area) return;
    this.drop();
    this.image.begin();
    this.image.paint(this.area, within(this.area), this.image.painter(null));
    this.image.end();
    this.select(null);
  }

  grow() {
    this.drop();
    if (this.area) this.select(grown(this.area, this.image));
  }

  // Soften the rim of what is painted, copied or moved.
  feather() {
    if (!this.area) return;
    const soft = (this.area.soft ?? 0) + SOFTER;
    this.area.soft = soft;
    if (this.piece) {
      this.piece.soft = soft;
      this.look();
    }
    this.easel.touched();
  }

  delete() {
    if (!this.area) return;
    if (this.piece) this.piece = null;
    else this.cut();
    this.image.refresh();
    this.select(null);
  }

  // Forget the selection; return whether a floating copy was all there was to undo.
  forget() {
    const copied = Boolean(this.piece?.copy);
    this.piece = this.area = null;
    return copied;
  }
}
