// Fills unknown pixels smoothly from the known ones: known colours are averaged into ever coarser grids, and a pixel takes
// its colour from the finest grid that has one there. pixels: RGBA; known: one byte a pixel.

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
      // Interpolate between the four coarse pixels around this place.
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
