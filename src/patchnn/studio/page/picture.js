// A picture on the easel: its pixels (RGBA, straight alpha), what was painted on it, and the way back.
// Pixels are worked on as numbers, not by a canvas, whose premultiplied alpha would change them.

const TILE = 64;
const HISTORY_BYTES = 200e6;

export const HOLE = 1;
export const PAINTED = 2;

let count = 0;

export class Picture {
  // blob: the file as it came, null for a picture that was drawn here.
  constructor(name, blob, { width, height, channels, icc, data }) {
    Object.assign(this, { id: `p${++count}`, name, blob, width, height, channels, icc, original: data });
    this.pixels = data.slice();
    this.marks = new Uint8Array(width * height);
    // Whether any pixel differs from the picture as it came, and whether any is marked.
    this.edited = blob === null;
    this.marked = false;
    this.past = [];
    this.future = [];
    this.step = null;
    this.canvas = canvasOf(width, height, this.pixels);
    this.overlay = document.createElement("canvas");
    Object.assign(this.overlay, { width, height });
  }

  static blank(name, width, height, colour) {
    const data = new Uint8ClampedArray(width * height * 4);
    for (let i = 0; i < data.length; i += 4) data.set([...colour, 255], i);
    return new Picture(name, null, { width, height, channels: 3, icc: null, data });
  }

  get stem() {
    return this.name.replace(/\.[^.]*$/, "");
  }

  // A canvas of the picture as it came.
  get first() {
    return (this.firstCanvas ??= canvasOf(this.width, this.height, this.original));
  }

  // Everything between begin and end is one step back. A step keeps the tiles it touches as they were.
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
    this.marked = this.marks.includes(PAINTED) || this.marks.includes(HOLE);
    this.edited = this.blob === null || !same(this.pixels, this.original);
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

  // Say that pixels in this box are about to change.
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

  // Call `change` with the number of every pixel in the box that `inside(x, y)` says yes to.
  paint(box, inside, change) {
    const area = clip(box, this.width, this.height);
    if (!area) return;
    this.touch(area);
    for (let y = area.y; y < area.y + area.height; y++) {
      for (let x = area.x; x < area.x + area.width; x++) if (inside(x, y)) change(y * this.width + x);
    }
    this.show(area);
  }

  // What painting does to a pixel: a colour, or null for a hole without one.
  painter(colour) {
    return (i) => {
      this.marks[i] = colour ? PAINTED : Math.max(this.marks[i], HOLE);
      if (colour) this.pixels.set(colour, i * 4);
    };
  }

  erase(i) {
    this.marks[i] = 0;
    this.pixels.set(this.original.subarray(i * 4, i * 4 + 4), i * 4);
  }

  // Draw the box anew on the canvases that are shown.
  show(box) {
    const { pixels } = this.read(box);
    this.canvas.getContext("2d").putImageData(new ImageData(pixels, box.width, box.height), box.x, box.y);
    const area = clip({ x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2 }, this.width, this.height);
    this.overlay.getContext("2d").putImageData(this.outline(area), area.x, area.y);
  }

  // Marked pixels: a rim around them, and stripes where they have no colour.
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

function same(first, second) {
  const [a, b] = [first, second].map((bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
  return a.every((value, i) => value === b[i]);
}

export function canvasOf(width, height, pixels) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const data = pixels instanceof Uint8ClampedArray ? pixels : new Uint8ClampedArray(pixels);
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

export function clip({ x, y, width, height }, right, bottom) {
  const left = Math.max(0, x), top = Math.max(0, y);
  const box = { x: left, y: top, width: Math.min(right, x + width) - left, height: Math.min(bottom, y + height) - top };
  return box.width > 0 && box.height > 0 ? box : null;
}

// Fill the pixels of a piece from those around them, smoothly: known colours are averaged into ever coarser grids, and the
// first grid that knows a colour for a pixel gives it. pixels: RGBA; known: one byte a pixel.
export function fillSmoothly(pixels, known, width, height) {
  if (width * height === 0 || !known.some((value) => value)) return;
  const grids = [{ width, height, sums: Float32Array.from(pixels), weights: Float32Array.from(known) }];
  for (let i = 0; i < width * height; i++) if (!known[i]) grids[0].sums.fill(0, i * 4, i * 4 + 4);
  while (grids.at(-1).width * grids.at(-1).height > 1) grids.push(halved(grids.at(-1)));
  for (let level = grids.length - 2; level >= 0; level--) fillFrom(grids[level], grids[level + 1]);
  for (let i = 0; i < width * height; i++) if (!known[i]) pixels.set(grids[0].sums.subarray(i * 4, i * 4 + 4), i * 4);
}

function halved(grid) {
  const width = Math.ceil(grid.width / 2), height = Math.ceil(grid.height / 2);
  const sums = new Float32Array(width * height * 4), weights = new Float32Array(width * height);
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const from = y * grid.width + x, to = (y >> 1) * width + (x >> 1);
      if (!grid.weights[from]) continue;
      weights[to] += 1;
      for (let c = 0; c < 4; c++) sums[to * 4 + c] += grid.sums[from * 4 + c];
    }
  }
  for (let i = 0; i < width * height; i++) if (weights[i]) for (let c = 0; c < 4; c++) sums[i * 4 + c] /= weights[i];
  return { width, height, sums, weights };
}

function fillFrom(fine, coarse) {
  for (let y = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++) {
      const to = y * fine.width + x;
      if (fine.weights[to]) continue;
      // Between the four coarse pixels around this place.
      const cx = Math.max(0, Math.min(coarse.width - 1, (x - 0.5) / 2)), cy = Math.max(0, Math.min(coarse.height - 1, (y - 0.5) / 2));
      const left = Math.floor(cx), top = Math.floor(cy), fx = cx - left, fy = cy - top;
      const right = Math.min(left + 1, coarse.width - 1), bottom = Math.min(top + 1, coarse.height - 1);
      for (let c = 0; c < 4; c++) {
        const at = (row, column) => coarse.sums[(row * coarse.width + column) * 4 + c];
        fine.sums[to * 4 + c] = (at(top, left) * (1 - fx) + at(top, right) * fx) * (1 - fy) + (at(bottom, left) * (1 - fx) + at(bottom, right) * fx) * fy;
      }
    }
  }
}
