// Selections as maps of pixels: {x, y, width, height, inside, outline}, inside: one byte a pixel.

import { clip } from "./pixels.js";

const canvasFor = ({ width, height }) => Object.assign(document.createElement("canvas"), { width, height });

// The outline of a map of pixels: a line along every side between a pixel inside and one outside.
export function edges(inside, { width, height }) {
  const outline = new Path2D();
  const at = (x, y) => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] > 0;
  const trace = (long, short, differ, from) => {
    for (let a = 0; a <= short; a++) {
      for (let b = 0, start = -1; b <= long; b++) {
        const here = b < long && differ(b, a);
        if (here && start < 0) start = b;
        if (!here && start >= 0) {
          const [one, other] = [from(start, a), from(b, a)];
          outline.moveTo(one[0], one[1]);
          outline.lineTo(other[0], other[1]);
          start = -1;
        }
      }
    }
  };
  trace(height, width, (y, x) => at(x, y) !== at(x - 1, y), (y, x) => [x, y]);
  trace(width, height, (x, y) => at(x, y) !== at(x, y - 1), (x, y) => [x, y]);
  return outline;
}

// A selection made larger by some pixels on all sides.
export function grown(selection, image, by = 3) {
  const box = clip({ x: selection.x - by, y: selection.y - by, width: selection.width + 2 * by, height: selection.height + 2 * by }, image.width, image.height);
  const inside = new Uint8Array(box.width * box.height);
  const stamp = canvasFor(selection), sheet = canvasFor(box);
  const marks = new ImageData(selection.width, selection.height);
  selection.inside.forEach((on, at) => (marks.data[at * 4 + 3] = on ? 255 : 0));
  stamp.getContext("2d").putImageData(marks, 0, 0);
  const context = sheet.getContext("2d");
  for (let dy = -by; dy <= by; dy++) {
    for (let dx = -by; dx <= by; dx++) if (dx * dx + dy * dy <= by * by + 1) context.drawImage(stamp, selection.x - box.x + dx, selection.y - box.y + dy);
  }
  const { data } = context.getImageData(0, 0, box.width, box.height);
  inside.forEach((_, at) => (inside[at] = data[at * 4 + 3] > 127 ? 1 : 0));
  return { ...box, inside, outline: edges(inside, box), soft: selection.soft };
}

// How much each pixel of a selection counts, 0 to 1: less near its rim, over `soft` pixels.
export function shares({ inside, width, height, soft = 0 }) {
  const depth = Float32Array.from(inside, (on) => (on ? 1e6 : 0));
  const near = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : depth[y * width + x]);
  // Two passes, each taking the distance from the neighbours that it has been to.
  const pass = (x, y, way) => {
    const at = y * width + x;
    if (depth[at]) depth[at] = Math.min(depth[at], near(x - way, y) + 1, near(x, y - way) + 1, near(x - way, y - way) + Math.SQRT2, near(x + way, y - way) + Math.SQRT2);
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pass(x, y, 1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) pass(x, y, -1);
  return depth.map((value) => Math.min(1, value / (soft + 1)));
}

// The magic wand: the pixels around a place that are connected and of about its colour. tolerance: of 255.
export function alike(image, place, tolerance) {
  const { width, height, pixels } = image;
  const x = Math.floor(place.x), y = Math.floor(place.y);
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const wanted = image.colourAt(x, y);
  const fits = (i) => {
    for (let c = 0; c < 4; c++) if (Math.abs(pixels[i * 4 + c] - wanted[c]) > tolerance) return false;
    return true;
  };
  const found = new Uint8Array(width * height);
  const open = [y * width + x];
  let [left, top, right, bottom] = [x, y, x, y];
  while (open.length) {
    // A whole run of the row at once; then the runs that begin above and below it.
    let from = open.pop();
    if (found[from]) continue;
    const row = Math.floor(from / width), first = row * width;
    let to = from;
    while (from > first && fits(from - 1)) from--;
    while (to < first + width - 1 && fits(to + 1)) to++;
    found.fill(1, from, to + 1);
    [left, top, right, bottom] = [Math.min(left, from - first), Math.min(top, row), Math.max(right, to - first), Math.max(bottom, row)];
    for (const way of [-width, width]) {
      if (way < 0 ? row === 0 : row === height - 1) continue;
      for (let i = from, before = false; i <= to; i++) {
        const next = !found[i + way] && fits(i + way);
        if (next && !before) open.push(i + way);
        before = next;
      }
    }
  }
  const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  const inside = new Uint8Array(box.width * box.height);
  for (let r = 0; r < box.height; r++) inside.set(found.subarray((top + r) * width + left, (top + r) * width + right + 1), r * box.width);
  return { ...box, inside, outline: edges(inside, box) };
}
