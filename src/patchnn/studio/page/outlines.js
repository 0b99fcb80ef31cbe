// Shapes drawn above an image, and selections: a box with a map of its pixels and an outline.

import { clip } from "./pixels.js";

export function line(context, outline, pixel, colour, width) {
  context.setLineDash([]);
  context.strokeStyle = colour;
  context.lineWidth = width * pixel * devicePixelRatio;
  context.stroke(outline);
}

// A line that is visible on any image: white on black.
export function bold(context, outline, pixel, width) {
  line(context, outline, pixel, "#fff", width);
  line(context, outline, pixel, "#000", 1);
}

export function ring(context, { x, y }, radius, pixel) {
  const outline = new Path2D();
  outline.arc(x, y, Math.max(0.5, radius), 0, 7);
  bold(context, outline, pixel, 2.5);
}

export function cross(context, { x, y }, pixel) {
  bold(context, new Path2D(`M${x - 8 * pixel} ${y}h${16 * pixel}M${x} ${y - 8 * pixel}v${16 * pixel}`), pixel, 3);
}

export function dashed(context, outline, pixel) {
  line(context, outline, pixel, "#fff", 1.5);
  context.setLineDash([4 * pixel * devicePixelRatio, 4 * pixel * devicePixelRatio]);
  context.strokeStyle = "#000";
  context.stroke(outline);
  context.setLineDash([]);
}

// A box with a ring around it, so that a small box is found.
export function frame(context, box, pixel) {
  if (!box) return;
  const outline = new Path2D();
  outline.rect(box.x, box.y, box.width, box.height);
  const ring = new Path2D();
  ring.arc(box.x + box.width / 2, box.y + box.height / 2, Math.max(box.width, 22 * pixel * devicePixelRatio), 0, 7);
  outline.addPath(ring);
  line(context, outline, pixel, "#000", 4);
  line(context, outline, pixel, "#fff", 2);
}

export function path(places) {
  const outline = new Path2D();
  for (const { x, y } of places) outline.lineTo(x, y);
  outline.closePath();
  return outline;
}

export function corners([a, b]) {
  return path([a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }]);
}

// A selection's outline where it is now.
export function placed({ outline, x, y }) {
  const there = new Path2D();
  there.addPath(outline, new DOMMatrix([1, 0, 0, 1, x, y]));
  return there;
}

export function rectangle([a, b], image) {
  const x = Math.round(Math.min(a.x, b.x)), y = Math.round(Math.min(a.y, b.y));
  const box = clip({ x, y, width: Math.round(Math.max(a.x, b.x)) - x, height: Math.round(Math.max(a.y, b.y)) - y }, image.width, image.height);
  const { width, height } = box ?? {};
  return box && { ...box, inside: new Uint8Array(width * height).fill(1), outline: corners([{ x: 0, y: 0 }, { x: width, y: height }]) };
}

// Every place that the pointer went since the last event.
export function points(event) {
  const all = event.getCoalescedEvents?.();
  return all?.length ? all : [event];
}

export function lasso(places, image) {
  const xs = places.map((point) => point.x), ys = places.map((point) => point.y);
  const low = (values) => values.reduce((a, b) => Math.min(a, b)), high = (values) => values.reduce((a, b) => Math.max(a, b));
  const x = Math.floor(low(xs)), y = Math.floor(low(ys));
  const box = clip({ x, y, width: Math.ceil(high(xs)) - x, height: Math.ceil(high(ys)) - y }, image.width, image.height);
  if (!box) return null;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: box.width, height: box.height });
  const context = canvas.getContext("2d");
  context.translate(-box.x, -box.y);
  context.fill(path(places), "evenodd");
  const { data } = context.getImageData(0, 0, box.width, box.height);
  const inside = new Uint8Array(box.width * box.height).map((_, at) => (data[at * 4 + 3] > 127 ? 1 : 0));
  const outline = path(places.map((point) => ({ x: point.x - box.x, y: point.y - box.y })));
  return inside.includes(1) ? { ...box, inside, outline } : null;
}

// The pixels that a round brush covers between two places: a box around them, and whether one of it is covered.
export function stroke(from, to, radius) {
  const dx = to.x - from.x, dy = to.y - from.y, length = dx * dx + dy * dy;
  const inside = (x, y) => {
    const px = x + 0.5 - from.x, py = y + 0.5 - from.y;
    const along = length ? Math.max(0, Math.min(1, (px * dx + py * dy) / length)) : 0;
    return (px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius;
  };
  const x = Math.floor(Math.min(from.x, to.x) - radius), y = Math.floor(Math.min(from.y, to.y) - radius);
  const width = Math.ceil(Math.max(from.x, to.x) + radius) - x, height = Math.ceil(Math.max(from.y, to.y) + radius) - y;
  return { box: { x, y, width, height }, inside };
}

// Call with every pixel of a selection that is on the image: its index in both, and its place.
export function each(selection, image, call) {
  for (let row = 0, at = 0; row < selection.height; row++) {
    for (let column = 0; column < selection.width; column++, at++) {
      const x = selection.x + column, y = selection.y + row;
      if (selection.inside[at] && x >= 0 && y >= 0 && x < image.width && y < image.height) call(at, y * image.width + x, x, y);
    }
  }
}

export const within = (selection) => (x, y) => selection.inside[(y - selection.y) * selection.width + x - selection.x];
