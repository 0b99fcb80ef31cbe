// Pixels and boxes of them.

// The pixels as one number each.
export const words = (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

export function same(first, second) {
  const [a, b] = [first, second].map(words);
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
