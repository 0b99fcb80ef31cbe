// Results: what comes back for every seed, how it grows, and where each of its patches comes from.

import { canvasOf } from "./picture.js";

export class Job {
  // order: what was asked for; cargo: the pictures that went with it.
  constructor(task, head, cargo) {
    Object.assign(this, { task, head, cargo, results: [], sources: [] });
  }

  hear(head, blobs) {
    if (head.event === "begin") {
      this.results = Array.from({ length: head.count }, (_, i) => new Result(this, head.seed + i));
    } else if (head.event === "progress") {
      const result = this.results[head.picture];
      result.fraction = head.fraction;
      result.grow(canvasOf(head.width, head.height, new Uint8ClampedArray(blobs[0])));
    } else if (head.event === "source") {
      const sent = this.cargo.find(({ head: { name } }) => name === head.file);
      const canvas = sent?.canvas ?? canvasOf(head.width, head.height, new Uint8ClampedArray(blobs[0]));
      this.sources[head.source] = { name: head.file ?? "what the task made of it", canvas, width: head.width, height: head.height };
    } else if (head.event === "picture") {
      this.results[head.picture].finish(head, blobs);
    }
    return head;
  }

  get unfinished() {
    return this.results.filter((result) => !result.blob);
  }
}

let count = 0;

export class Result {
  constructor(job, seed) {
    Object.assign(this, { id: `r${++count}`, job, seed, fraction: 0, canvas: null, blob: null });
  }

  grow(canvas) {
    this.canvas = canvas;
  }

  finish(head, [file, places]) {
    Object.assign(this, { fraction: 1, command: head.command, patch: head.patch, width: head.width, height: head.height });
    this.blob = new Blob([file], { type: "image/png" });
    this.field = { ...head.field, places: new Int16Array(places) };
  }

  get name() {
    const first = this.job.cargo[0]?.head.name.replace(/\.[^.]*$/, "") ?? "picture";
    return `${first}-${this.job.task}-${this.seed}.png`;
  }

  // Where the patch in whose middle a pixel lies was copied from: {source, x, y} and its place here; null if it was kept.
  origin(x, y) {
    const { field, patch } = this;
    if (!field || x < 0 || y < 0 || x >= this.width || y >= this.height) return undefined;
    const near = (value, size) => Math.max(0, Math.min(size - 1, Math.round((Math.floor(value) - (patch >> 1)) / field.step)));
    const row = near(y, field.height), column = near(x, field.width);
    const at = row * field.width + column, all = field.width * field.height;
    const source = field.places[at];
    const here = { x: column * field.step, y: row * field.step };
    if (source < 0) return { here, source: null };
    return { here, source: this.job.sources[source], x: field.places[2 * all + at], y: field.places[all + at] };
  }
}
