// The colours of an image that tell it best: the most frequent ones that are well apart.

const APART = 60;

export function paletteOf({ pixels, width, height }, count = 6) {
  const step = Math.max(1, Math.floor((width * height) / 20000));
  const bins = new Map();
  for (let i = 0; i < width * height; i += step) {
    const at = i * 4;
    if (pixels[at + 3] < 128) continue;
    const key = ((pixels[at] >> 4) << 8) | ((pixels[at + 1] >> 4) << 4) | (pixels[at + 2] >> 4);
    const bin = bins.get(key) ?? { count: 0, sum: [0, 0, 0] };
    bin.count += 1;
    for (let c = 0; c < 3; c++) bin.sum[c] += pixels[at + c];
    bins.set(key, bin);
  }
  const colours = [...bins.values()].sort((a, b) => b.count - a.count).map((bin) => bin.sum.map((sum) => Math.round(sum / bin.count)));
  const found = [];
  for (const colour of colours) {
    if (found.length === count) break;
    if (found.every((other) => Math.hypot(...colour.map((value, c) => value - other[c])) >= APART)) found.push(colour);
  }
  return found.map((colour) => [...colour, 255]);
}
