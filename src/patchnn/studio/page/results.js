// Results: one for every seed of a job, and the origin of each of its patches.

import { canvasOf } from "./pixels.js";
import { state } from "./state.js";

export class Job {
  // goal: what was wanted; head: the order; cargo: the images sent with it.
  constructor(goal, head, cargo) {
    this.goal = goal;
    this.head = head;
    /** @type {any[]} */
    this.cargo = cargo;
    /** @type {Result[]} */
    this.results = [];
    this.sources = [];
    // large: the page shows less than there is of an image; full: the order for all of it: {head, sent, size}.
    // whole: this is such an order.
    this.large = this.whole = false;
    this.full = null;
  }

  async hear(head, blobs) {
    if (head.event === "begin") {
      this.results = Array.from({ length: head.count }, (_, i) => new Result(this, head.seed + i));
    } else if (head.event === "progress") {
      const canvas = head.form === "rgba" ? canvasOf(head.width, head.height, new Uint8ClampedArray(blobs[0])) : await drawn(blobs[0]);
      const [height, width] = head.shape;
      Object.assign(this.results[head.image], { fraction: head.fraction, canvas, view: workable({ width, height }) });
    } else if (head.event === "source") {
      const sent = this.cargo.find(({ head: { name } }) => name === head.file);
      const canvas = sent?.canvas ?? canvasOf(head.width, head.height, new Uint8ClampedArray(blobs[0]));
      this.sources[head.source] = { name: head.file ?? "made by the task", canvas, width: head.width, height: head.height };
    } else if (head.event === "image") {
      await this.results[head.image].finish(head, blobs);
    }
    return head;
  }

  get unfinished() {
    return this.results.filter((result) => !result.blob);
  }
}

// Canvases of files, as against previews that are the image itself.
const coded = new WeakSet();

// The size at which the page shows an image: its own, or less of a large one.
export function workable({ width, height }) {
  const scale = Math.sqrt(state.studio.limits.workable / (width * height));
  return scale < 1 ? { width: Math.round(width * scale), height: Math.round(height * scale) } : { width, height };
}

// A canvas of the image in a PNG or JPEG file, in the file's own numbers. size: to show it at.
async function drawn(file, size = null) {
  const smaller = size ? { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: /** @type {const} */ ("high") } : {};
  const bitmap = await createImageBitmap(new Blob([file]), { colorSpaceConversion: "none", ...smaller });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  coded.add(canvas);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

let count = 0;

export class Result {
  constructor(job, seed) {
    this.id = `r${++count}`;
    /** @type {Job} */
    this.job = job;
    /** @type {number} */
    this.seed = seed;
    this.fraction = 0;
    /** @type {HTMLCanvasElement} */
    this.canvas = null;
    /** @type {Blob} */
    this.blob = null;
    this.command = "";
    /** @type {string[]} */
    this.notes = [];
    // Masks that the notes advise to give.
    /** @type {string[]} */
    this.advised = [];
    // Whether it repeats down and across: top joins bottom, left joins right.
    this.wrap = [false, false];
    this.patch = this.width = this.height = 0;
    this.field = null;
    // view: the size at which it is shown. whole: the same of the whole photograph, once it was made.
    this.view = null;
    /** @type {Result | null} */
    this.whole = null;
  }

  async finish(head, [file, places]) {
    const { command, notes, advised, patch, wrap, width, height } = head;
    Object.assign(this, { fraction: 1, command, notes, advised, patch, wrap, width, height, view: workable(head) });
    // The last preview of a small image is the image itself.
    if (this.canvas?.width !== width || coded.has(this.canvas)) this.canvas = await drawn(file, width > this.view.width ? this.view : null);
    this.blob = new Blob([file], { type: "image/png" });
    this.field = { ...head.field, places: new Int16Array(places) };
  }

  // A result that was kept.
  static async restored(job, { seed, ...facts }) {
    const result = Object.assign(new Result(job, seed), { ...facts, job, fraction: 1 });
    result.view = workable(result);
    result.canvas = await drawn(result.blob, result.view);
    return result;
  }

  // The canvas of what it was made from, unless that has another shape.
  get before() {
    const { canvas } = (this.blob && this.job.cargo.find((one) => one.head.form !== "mask")) || {};
    return canvas && Math.abs((canvas.width / canvas.height) * (this.height / this.width) - 1) < 0.02 ? canvas : null;
  }

  get name() {
    const first = this.job.cargo[0]?.head.name.replace(/\.[^.]*$/, "") ?? "image";
    return `${first}-${this.job.head.task}-${this.seed}.png`;
  }

  // The origin of the patch around a pixel: {source, x, y}, and its place here. source: null if the pixel was kept.
  origin(x, y) {
    const { field, patch } = this;
    if (!field || x < 0 || y < 0 || x >= this.width || y >= this.height) return undefined;
    const near = (value, size) => Math.max(0, Math.min(size - 1, Math.round((Math.floor(value) - (patch >> 1)) / field.step)));
    const row = near(y, field.height), column = near(x, field.width);
    const at = row * field.width + column, all = field.width * field.height;
    const source = field.places[at];
    const here = { x: column * field.step, y: row * field.step };
    if (source < 0) return { here, source: null };
    const known = this.job.sources[source];
    if (!known) return undefined;
    return { here, source: known, x: field.places[2 * all + at], y: field.places[all + at] };
  }
}
