// A canvas on the page that shows an image: fitted to its box, zoomed and moved, with drawings above it.

export class View {
  // above: draws on top, in the image's own coordinates; it gets the context and the width of a screen pixel.
  constructor(canvas, above) {
    /** @type {HTMLCanvasElement} */
    this.canvas = canvas;
    this.above = above;
    /** @type {HTMLCanvasElement[]} */
    this.layers = [];
    // How much the layers above the first one hide of it.
    this.veil = 1;
    this.width = this.height = this.scale = 1;
    this.x = this.y = 0;
    this.fitted = true;
    // The frame of what is drawn beyond the image, to leave room for.
    this.room = () => ({ x: 0, y: 0, width: 0, height: 0 });
    /** @type {() => View | null} */
    // Another view, which moves in step, at the same scale.
    this.follower = () => null;
    // Called with the zoom, in percent.
    this.scaled = (_percent) => {};
    // A canvas that is shown left of `split`, a share of the width.
    this.before = null;
    this.split = 0;
    // How often the image is shown, beside and below itself.
    this.copies = { across: 1, down: 1 };
    // A box that is marked, and what to call after the next drawing.
    this.box = null;
    this.painted = [];
    this.wanted = undefined;
    new ResizeObserver(() => this.fit(false)).observe(canvas);
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  clear() {
    this.layers = [];
    this.draw();
  }

  // layers: canvases, each drawn over the whole of width × height.
  show(width, height, layers) {
    const other = width !== this.width || height !== this.height || !this.layers.length;
    Object.assign(this, { width, height, layers });
    const beside = this.follower();
    if (!other) this.draw();
    else if (beside && !beside.fitted) this.follow(beside);
    else this.fit();
  }

  // Fit the whole image in, and that of the other view too: both are shown at one scale.
  fit(anew = true) {
    // Nothing fits into a pane that was just hidden.
    if (!this.canvas.clientWidth) return;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * devicePixelRatio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * devicePixelRatio));
    if (anew) this.fitted = true;
    if (this.fitted) {
      const other = this.follower();
      const both = other && (anew || other.fitted) ? [this, other] : [this];
      const scale = Math.min(...both.map((view) => view.largest()));
      for (const view of both) view.centre(scale);
    }
    this.draw();
  }

  // The largest scale at which the whole image is seen.
  largest() {
    const { clientWidth, clientHeight } = this.canvas, more = this.room();
    const rim = (more.width ? 26 : 10) * devicePixelRatio;
    const across = (clientWidth * devicePixelRatio - rim) / Math.max(this.width, more.width);
    const down = (clientHeight * devicePixelRatio - rim) / Math.max(this.height, more.height);
    return Math.max(0.01, Math.min(across, down));
  }

  centre(scale) {
    const { clientWidth, clientHeight } = this.canvas, more = this.room();
    // Side by side, both are at one height: the buttons below one of them take room from both.
    const height = Math.min(clientHeight, this.follower()?.canvas.clientHeight ?? clientHeight);
    this.scale = scale;
    this.fitted = true;
    this.x = Math.round((clientWidth * devicePixelRatio - Math.max(this.width, more.width) * scale) / 2 - more.x * scale);
    this.y = Math.round((height * devicePixelRatio - Math.max(this.height, more.height) * scale) / 2 - more.y * scale);
    this.draw();
  }

  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    const scale = Math.min(64, Math.max(0.02, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.draw();
    this.follower()?.follow(this);
  }

  pan(dx, dy) {
    this.x += dx * devicePixelRatio;
    this.y += dy * devicePixelRatio;
    this.fitted = false;
    this.draw();
    this.follower()?.follow(this);
  }

  // Show the place in the middle of another view, at its scale.
  follow(other) {
    const middle = (view) => [(view.canvas.width / 2 - view.x) / view.scale / view.width, (view.canvas.height / 2 - view.y) / view.scale / view.height];
    const [across, down] = middle(other);
    this.scale = other.scale;
    this.x = this.canvas.width / 2 - across * this.width * this.scale;
    this.y = this.canvas.height / 2 - down * this.height * this.scale;
    this.fitted = false;
    this.draw();
  }

  wheel(event) {
    event.preventDefault();
    const { x, y } = this.screen(event);
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), x, y);
  }

  screen(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) * devicePixelRatio, y: (event.clientY - box.top) * devicePixelRatio };
  }

  // Where on the image an event is, in pixels with fractions.
  place(event) {
    const { x, y } = this.screen(event);
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  draw() {
    this.wanted ??= requestAnimationFrame(() => {
      this.wanted = undefined;
      this.paint();
    });
  }

  paint() {
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.layers.length) return;
    const { x, y, width, height, scale, copies } = this;
    checkers(context, x, y, width * copies.across * scale, height * copies.down * scale);
    context.setTransform(scale, 0, 0, scale, x, y);
    context.imageSmoothingQuality = scale < 1 ? "high" : "low";
    for (const layer of this.layers) {
      // Smooth for coarse levels, sharp for pixels seen from near.
      context.imageSmoothingEnabled = scale < 4 || layer.width < width;
      context.globalAlpha = layer === this.layers[0] ? 1 : this.veil;
      for (let row = 0; row < copies.down; row++) {
        for (let column = 0; column < copies.across; column++) context.drawImage(layer, column * width, row * height, width, height);
      }
    }
    context.globalAlpha = 1;
    if (this.before) {
      context.save();
      context.beginPath();
      context.rect(0, 0, width * this.split, height);
      context.clip();
      context.clearRect(0, 0, width, height);
      context.drawImage(this.before, 0, 0, width, height);
      context.restore();
      context.fillStyle = "#fff";
      if (this.split < 1) context.fillRect(width * this.split - 1 / scale, 0, (2 * devicePixelRatio) / scale, height);
    }
    this.scaled(Math.round((100 * scale) / devicePixelRatio));
    this.above?.(context, 1 / scale);
    for (const done of this.painted.splice(0)) done();
  }
}

let pattern;

function checkers(context, x, y, width, height) {
  if (!pattern) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 16;
    const ink = tile.getContext("2d");
    ink.fillStyle = "#bbb";
    ink.fillRect(0, 0, 16, 16);
    ink.fillStyle = "#999";
    ink.fillRect(0, 0, 8, 8);
    ink.fillRect(8, 8, 8, 8);
    pattern = context.createPattern(tile, "repeat");
  }
  context.fillStyle = pattern;
  context.fillRect(x, y, width, height);
}
