// What an order carries of its images: their files, or pixels of the page.

import { element } from "./elements.js";
import { fillSmoothly } from "./fill.js";
import { HOLE } from "./image.js";

const masks = {
  marks: { pixels: (image) => image.marks.slice(), ending: "mask", said: "What is marked on" },
  gap: { pixels: (image) => image.gap(), ending: "gap", said: "What was left behind on" },
  changes: { pixels: (image) => image.changes().map((changed, i) => (changed && image.marks[i] !== HOLE ? 1 : 0)), ending: "mask", said: "What changed on" },
};

export const isMask = (as) => as in masks;

// A use is an image and a state of it: "now" (as on the easel), "first" (as its file), "marks" (what is marked on it),
// "gap" (where pieces were taken away), "changes" (where else it differs from its file). given: the name of the file that the user has, if any.
// uses: all of the order.
export function cargo({ image, as }, name, uses) {
  const { width, height, channels, icc, full } = image;
  // A large photograph goes at the size that the page shows, unless the whole is asked for.
  const stem = full ? `${image.stem}-small` : image.stem;
  const mask = masks[as];
  if (mask) {
    const blob = mask.pixels(image);
    return { head: { name: name(`${stem}-${mask.ending}.png`), form: "mask", width, height }, blob, canvas: image.overlay };
  }
  const first = image.blob && (as === "first" || !image.edited);
  if (first && !full) return { head: { name: name(image.name), form: "file" }, blob: image.blob, canvas: image.first, given: image.given };
  const own = first ? `${stem}.png` : image.blob ? `${stem}-painted.png` : image.name;
  const canvas = element("canvas", { width, height });
  canvas.getContext("2d").drawImage(first ? image.first : image.canvas, 0, 0);
  return { head: { name: name(own), form: "rgba", width, height, channels, icc }, blob: first ? image.original.slice() : ordered(image, uses), canvas };
}

// Marks with a colour and marks without one are an order of both kinds: what is marked without one goes.
const mixed = (image, uses) => image.painted && image.marks.includes(HOLE) && uses.some((use) => use.image === image && use.as === "marks");

// The pixels of an image as an order needs them: what goes is smooth, for it would come back from its own colours.
function ordered(image, uses) {
  const pixels = image.pixels.slice();
  if (mixed(image, uses)) fillSmoothly(pixels, image.marks.map((mark) => (mark === HOLE ? 0 : 1)), image.width, image.height);
  return pixels;
}

// The same of the whole photographs: {head, blob} for each, and the files that these are on; null if a piece was moved on one.
export function wholes(uses, name) {
  const files = new Map();
  const file = (image) => {
    if (!files.has(image)) files.set(image, { head: { name: name(image.name), form: "file" }, blob: image.blob, canvas: image.first, given: image.given });
    return files.get(image);
  };
  const first = ({ image, as }) => image.blob && (as === "first" || (as === "now" && !image.edited));
  for (const use of uses) if (use.image.full && first(use)) file(use.image);
  const taken = new Set();
  const whole = ({ image, as }) => {
    const { width, height, full } = image;
    if (!full) return cargo({ image, as }, name, uses);
    if (first({ image, as })) {
      // As opened and as it is now are one file while nothing is painted: the second goes under a name of its own.
      const again = taken.has(image);
      taken.add(image);
      return again ? { ...file(image), head: { name: name(image.name), form: "file" } } : file(image);
    }
    const on = file(image).head.name;
    if (as !== "now") {
      const { head, blob, canvas } = cargo({ image, as }, () => name(`${image.stem}-${masks[as].ending}.png`), uses);
      return { head: { ...head, on }, blob, canvas };
    }
    const head = { name: name(`${image.stem}-painted.png`), form: "layer", width, height, on };
    return { head, blob: image.layer(ordered(image, uses), mixed(image, uses)), canvas: image.canvas };
  };
  if (uses.some(({ image, as }) => image.full && as === "now" && image.edited && !image.flat)) return null;
  const sent = uses.map(whole);
  return [...sent, ...[...files.values()].filter((one) => !sent.includes(one))];
}

export function label({ image, as }) {
  if (masks[as]) return `${masks[as].said} ${image.name}`;
  return image.edited && image.blob ? `${image.name}, ${as === "now" ? "as painted" : "as opened"}` : image.name;
}

export function thumb(use) {
  const canvas = element("canvas", { width: 44, height: 44, "aria-hidden": "true" });
  if (masks[use?.as]) drawMask(canvas, use.image, masks[use.as].pixels(use.image));
  else if (use) draw(canvas, use.as === "first" ? use.image.first : use.image.canvas);
  return canvas;
}

// The mask: white where the image is marked.
function drawMask(canvas, { width, height }, marks) {
  const scale = Math.max(width / canvas.width, height / canvas.height);
  const across = Math.floor(width / scale), down = Math.floor(height / scale);
  const pixels = new ImageData(across, down);
  for (let y = 0, at = 0; y < down; y++) {
    for (let x = 0; x < across; x++, at += 4) {
      const marked = marks[Math.floor((y + 0.5) * scale) * width + Math.floor((x + 0.5) * scale)];
      pixels.data.fill(marked ? 255 : 0, at, at + 3).fill(255, at + 3, at + 4);
    }
  }
  canvas.getContext("2d").putImageData(pixels, (canvas.width - across) / 2, (canvas.height - down) / 2);
}

// Draw an image into a small canvas, whole and centred.
export function draw(canvas, image) {
  const context = canvas.getContext("2d");
  const scale = Math.min(canvas.width / image.width, canvas.height / image.height);
  const width = image.width * scale, height = image.height * scale;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
