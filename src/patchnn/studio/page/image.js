// An image on the easel: its pixels (RGBA, straight opacity), what was painted on it, and its history.
// Painting works on numbers: a canvas premultiplies colours by their opacity, which would change them.

import { canvasOf, clip, same, words } from "./pixels.js";

const TILE = 64;
const HISTORY_BYTES = 200e6;

export const HOLE = 1;
export const PAINTED = 2;

let count = 0;

export class EditableImage {
  // Colours that are far apart, for labels.
  static LABELS = [[38, 84, 124, 255], [239, 160, 70, 255], [110, 176, 104, 255], [196, 92, 138, 255]];

  // blob: the file, null for an image drawn here; given: the file's own name.
  // full: the size of the file, where the page shows less of a large photograph.
  constructor(name, blob, { width, height, channels, icc, data, full = null }, given = null) {
    this.id = `i${++count}`;
    /** @type {string} */
    this.name = name;
    /** @type {string | null} */
    this.given = given;
    /** @type {Blob | null} */
    this.blob = blob;
    /** @type {number} */
    this.width = width;
    /** @type {number} */
    this.height = height;
    this.channels = channels;
    this.icc = icc;
    /** @type {{ width: number, height: number } | null} */
    this.full = full;
    // Labels that guide a task: which part they are over, "source" or "target", which image they belong to, and what is seen under them.
    /** @type {{ part: string, over: EditableImage, under: HTMLCanvasElement } | null} */
    this.labels = null;
    /** @type {Uint8ClampedArray<ArrayBuffer>} */
    this.original = data;
    this.firstCanvas = null;
    this.pixels = data.slice();
    this.marks = new Uint8Array(width * height);
    // edited: a pixel differs from the file; marked: a pixel is marked; painted: one is marked with a colour; gapped: a piece
    // was taken away.
    this.edited = blob === null;
    this.marked = this.painted = this.gapped = false;
    this.past = [];
    this.future = [];
    this.step = null;
    this.canvas = canvasOf(width, height, this.pixels);
    this.overlay = document.createElement("canvas");
    Object.assign(this.overlay, { width, height });
  }

  static blank(name, width, height, colour) {
    const data = new Uint8ClampedArray(width * height * 4);
    for (let i = 0; i < data.length; i += 4) data.set([...colour.slice(0, 3), 255], i);
    return new EditableImage(name, null, { width, height, channels: 3, icc: null, data });
  }

  get stem() {
    return this.name.replace(/\.[^.]*$/, "");
  }

  // A canvas of the image as its file has it.
  get first() {
    return (this.firstCanvas ??= canvasOf(this.width, this.height, this.original));
  }

  // Everything between begin and end is one step of undo. A step keeps the old state of the tiles it touches.
  begin() {
    this.end();
    this.step = new Map();
  }

  end() {
    if (this.step?.size) {
      this.past.push(this.step);
      this.future = [];
      let bytes = this.past.reduce((sum, step) => sum + step.size * TILE * TILE * 5, 0);
      while (bytes > HISTORY_BYTES && this.past.length > 1) bytes -= this.past.shift().size * TILE * TILE * 5;
      this.refresh();
    }
    this.step = null;
  }

  cancel() {
    if (this.step) this.swap(this.step);
    this.step = null;
    this.refresh();
  }

  undo() {
    this.travel(this.past, this.future);
  }

  redo() {
    this.travel(this.future, this.past);
  }

  travel(from, to) {
    const step = from.pop();
    if (!step) return;
    this.swap(step);
    to.push(step);
    this.refresh();
  }

  refresh() {
    this.painted = this.marks.includes(PAINTED);
    this.marked = this.painted || this.marks.includes(HOLE);
    this.edited = this.blob === null || !same(this.pixels, this.original);
    this.gapped = this.edited && this.blob !== null && this.marked && this.gap().includes(1);
  }

  swap(step) {
    for (const [key, kept] of step) {
      const box = this.tile(key);
      const now = this.read(box);
      this.put(box, kept.pixels, kept.marks);
      step.set(key, now);
      this.show(box);
    }
  }

  tile(key) {
    const across = Math.ceil(this.width / TILE);
    const x = (key % across) * TILE;
    const y = Math.floor(key / across) * TILE;
    return { x, y, width: Math.min(TILE, this.width - x), height: Math.min(TILE, this.height - y) };
  }

  // Keep what a box holds, before it changes.
  touch(box) {
    const across = Math.ceil(this.width / TILE);
    for (let row = Math.floor(box.y / TILE); row * TILE < box.y + box.height; row++) {
      for (let column = Math.floor(box.x / TILE); column * TILE < box.x + box.width; column++) {
        const key = row * across + column;
        if (!this.step.has(key)) this.step.set(key, this.read(this.tile(key)));
      }
    }
  }

  read({ x, y, width, height }) {
    const pixels = new Uint8ClampedArray(width * height * 4);
    const marks = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const at = (y + row) * this.width + x;
      pixels.set(this.pixels.subarray(at * 4, (at + width) * 4), row * width * 4);
      marks.set(this.marks.subarray(at, at + width), row * width);
    }
    return { pixels, marks };
  }

  put({ x, y, width, height }, pixels, marks) {
    for (let row = 0; row < height; row++) {
      const at = (y + row) * this.width + x;
      this.pixels.set(pixels.subarray(row * width * 4, (row + 1) * width * 4), at * 4);
      this.marks.set(marks.subarray(row * width, (row + 1) * width), at);
    }
  }

  // Call `change` with the index of every pixel of the box for which `inside(x, y)` is true.
  paint(box, inside, change) {
    const area = clip(box, this.width, this.height);
    if (!area) return;
    this.touch(area);
    for (let y = area.y; y < area.y + area.height; y++) {
      for (let x = area.x; x < area.x + area.width; x++) if (inside(x, y)) change(y * this.width + x);
    }
    this.show(area);
  }

  // What painting does to a pixel. colour: null marks a hole without a colour.
  painter(colour) {
    return (i) => {
      this.marks[i] = colour ? PAINTED : Math.max(this.marks[i], HOLE);
      if (colour) this.pixels.set(colour, i * 4);
    };
  }

  // Bring a pixel towards a colour, by a share of the way.
  mix(i, colour, share) {
    for (let c = 0; c < 4; c++) this.pixels[i * 4 + c] += (colour[c] - this.pixels[i * 4 + c]) * share;
  }

  // One byte a pixel: 1 where it differs from the file.
  changes() {
    const [now, first] = [this.pixels, this.original].map(words);
    return Uint8Array.from(now, (value, i) => (value === first[i] ? 0 : 1));
  }

  // One byte a pixel: 1 where a piece was taken away.
  gap() {
    return this.changes().map((changed, i) => (changed && this.marks[i] === HOLE ? 1 : 0));
  }

  // Whether all that differs from the file is painted, and nothing was moved.
  get flat() {
    return this.changes().every((changed, i) => !changed || this.marks[i] === PAINTED);
  }

  // Of some pixels those that are painted, or all that are marked, clear elsewhere.
  layer(of, all) {
    const pixels = new Uint8ClampedArray(of.length);
    this.marks.forEach((mark, i) => (mark === PAINTED || (all && mark)) && pixels.set(of.subarray(i * 4, i * 4 + 4), i * 4));
    return pixels;
  }

  erase(i) {
    this.marks[i] = 0;
    this.pixels.set(this.original.subarray(i * 4, i * 4 + 4), i * 4);
  }

  // Redraw a box of the canvases.
  show(box) {
    const { pixels } = this.read(box);
    this.canvas.getContext("2d").putImageData(new ImageData(pixels, box.width, box.height), box.x, box.y);
    const area = clip({ x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2 }, this.width, this.height);
    this.overlay.getContext("2d").putImageData(this.outline(area), area.x, area.y);
  }

  // The outline of marked pixels, with stripes where they have no colour.
  outline(area) {
    const image = new ImageData(area.width, area.height);
    const { marks, width, height } = this;
    for (let y = area.y, at = 0; y < area.y + area.height; y++) {
      for (let x = area.x; x < area.x + area.width; x++, at += 4) {
        const i = y * width + x;
        if (!marks[i]) continue;
        const rim = x === 0 || y === 0 || x === width - 1 || y === height - 1
          || !marks[i - 1] || !marks[i + 1] || !marks[i - width] || !marks[i + width];
        const stripe = (x + y) % 8 < 4;
        if (rim) image.data.set(stripe ? [255, 255, 255, 255] : [20, 20, 20, 255], at);
        else if (marks[i] === HOLE) image.data.set(stripe ? [255, 255, 255, 130] : [20, 20, 20, 110], at);
      }
    }
    return image;
  }

  colourAt(x, y) {
    const i = (y * this.width + x) * 4;
    return this.pixels.slice(i, i + 4);
  }
}
