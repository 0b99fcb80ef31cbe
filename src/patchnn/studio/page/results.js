// Results: one for every seed of a job, and the origin of each of its patches.

import { canvasOf } from "./image.js";

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
  }

  async hear(head, blobs) {
    if (head.event === "begin") {
      this.results = Array.from({ length: head.count }, (_, i) => new Result(this, head.seed + i));
    } else if (head.event === "progress") {
      const canvas = head.form === "rgba" ? canvasOf(head.width, head.height, new Uint8ClampedArray(blobs[0])) : await drawn(blobs[0]);
      Object.assign(this.results[head.image], { fraction: head.fraction, canvas });
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

// A canvas of the image in a PNG or JPEG file, in the file's own numbers.
async function drawn(file) {
  const bitmap = await createImageBitmap(new Blob([file]), { colorSpaceConversion: "none" });
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
    this.patch = this.width = this.height = 0;
    this.field = null;
  }

  async finish(head, [file, places]) {
    // The last preview of a small image is the image itself.
    if (this.canvas?.width !== head.width || coded.has(this.canvas)) this.canvas = await drawn(file);
    Object.assign(this, { fraction: 1, command: head.command, notes: head.notes, patch: head.patch, width: head.width, height: head.height });
    this.blob = new Blob([file], { type: "image/png" });
    this.field = { ...head.field, places: new Int16Array(places) };
  }

  // A result that was kept.
  static async restored(job, { seed, blob, command, notes, patch, width, height, field }) {
    const result = Object.assign(new Result(job, seed), { fraction: 1, blob, command, notes, patch, width, height, field });
    result.canvas = await drawn(blob);
    return result;
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
