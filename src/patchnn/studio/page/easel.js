// The easel: the picture that is worked on, and the tools. All tools are driven by down, move and up, whether a pointer
// or the keyboard's cursor does it.

import { View } from "./view.js";
import { canvasOf, clip, fillSmoothly, HOLE } from "./picture.js";

export class Easel {
  // changed: called when the picture or the selection is another; picked: with a colour that was picked from it.
  constructor(canvas, { changed, picked }) {
    Object.assign(this, { canvas, changed, picked, picture: null, tool: "brush", size: 24, colour: [217, 139, 58, 255] });
    Object.assign(this, { selection: null, floating: null, cursor: null, guest: null, marks: true, stroke: null });
    this.view = new View(canvas, (context, pixel) => this.above(context, pixel));
    this.pointers = new Map();
    canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.released(event));
    canvas.addEventListener("pointerleave", () => this.pointAt(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.penUp());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  put(picture) {
    if (picture === this.picture) return;
    this.drop();
    this.select(null);
    this.picture = picture;
    this.cursor = null;
    this.show();
  }

  // guest: {canvas, width, height, box} shown in place of the picture while one looks where a patch comes from.
  show(guest = null) {
    this.guest = guest;
    const shown = guest ?? this.picture;
    if (!shown) return;
    const layers = guest ? [guest.canvas] : this.marks ? [this.picture.canvas, this.picture.overlay] : [this.picture.canvas];
    this.view.show(shown.width, shown.height, layers);
  }

  choose(tool) {
    if (!["rectangle", "lasso", "hand"].includes(tool)) this.select(null);
    this.penUp();
    this.tool = tool;
    this.canvas.dataset.tool = tool;
    this.view.draw();
  }

  // The pointer: one is a tool, two zoom and move, the middle button or the space bar moves.

  pressed(event) {
    if (!this.picture) return;
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.give();
    else if (this.pointers.size === 1) {
      this.panning = this.tool === "hand" || event.button === 1 || this.spaced;
      if (!this.panning && event.button === 0) this.down(this.view.place(event), event.altKey);
    }
  }

  moved(event) {
    if (!this.picture) return;
    const before = this.pointers.get(event.pointerId);
    if (before) this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) this.pinch(event, before);
    else if (before && this.panning) this.view.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (before) for (const point of points(event)) this.move(this.view.place(point));
    if (event.pointerType !== "touch") this.pointAt(this.view.place(event));
  }

  released(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (!this.panning) this.up();
    this.panning = this.pointers.size > 0;
  }

  pinch(event, before) {
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
    const middle = this.view.screen({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    this.view.zoom(apart(event) / Math.max(1, apart(before)), middle.x, middle.y);
    this.view.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
  }

  // A second finger came: what the first one did was not meant.
  give() {
    if (this.stroke) {
      this.picture.cancel();
      this.stroke = null;
    }
    this.lassoed = this.framed = this.dragged = null;
    this.panning = true;
  }

  pointAt(place) {
    this.pointer = place;
    this.view.draw();
  }

  // The keyboard: arrows move a cursor, or the piece that is selected; space puts the tool down and lifts it.

  key(event) {
    if (!this.picture || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
    if (dx || dy) {
      if (this.selection && !this.penDown) this.nudge(dx, dy);
      else this.walk(dx, dy);
    } else if (event.key === " ") this.penDown ? this.penUp() : this.putPenDown();
    else if (event.key === "Enter") {
      if (this.penDown) this.penUp();
      else this.done();
    } else if (event.key === "Escape" && this.selection) this.floating ? this.undo() : this.select(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  walk(dx, dy) {
    const { width, height } = this.picture;
    const from = this.cursor ?? { x: Math.floor(width / 2) + 0.5, y: Math.floor(height / 2) + 0.5 };
    const within = (value, end) => Math.min(end - 0.5, Math.max(0.5, value));
    this.cursor = { x: within(from.x + dx, width), y: within(from.y + dy, height) };
    if (this.penDown) this.move(this.cursor);
    this.pointAt(this.cursor);
  }

  putPenDown() {
    this.walk(0, 0);
    if (this.tool === "hand") return;
    this.penDown = true;
    this.down(this.cursor, false);
    if (this.tool === "picker") this.penUp();
  }

  penUp() {
    if (!this.penDown) return;
    this.penDown = false;
    this.up();
  }

  nudge(dx, dy) {
    if (!this.floating) this.lift(false);
    this.floating.x += dx;
    this.floating.y += dy;
    Object.assign(this.selection, { x: this.floating.x, y: this.floating.y });
    this.view.draw();
  }

  // The tools.

  down(place, alt) {
    const selecting = this.tool === "rectangle" || this.tool === "lasso";
    if (this.tool === "picker" || (alt && !selecting)) {
      this.pick(place);
    } else if (this.tool === "brush" || this.tool === "eraser") {
      this.picture.begin();
      this.stroke = place;
      this.dab(place, place);
    } else if (selecting && this.selects(place)) {
      if (!this.floating || alt) this.lift(alt);
      this.dragged = { x: place.x - this.floating.x, y: place.y - this.floating.y };
    } else if (selecting) {
      this.select(null);
      if (this.tool === "rectangle") this.framed = [place, place];
      else this.lassoed = [place];
    }
  }

  move(place) {
    if (this.stroke) {
      this.dab(this.stroke, place);
      this.stroke = place;
    } else if (this.dragged) {
      this.floating.x = Math.round(place.x - this.dragged.x);
      this.floating.y = Math.round(place.y - this.dragged.y);
      Object.assign(this.selection, { x: this.floating.x, y: this.floating.y });
    } else if (this.framed) this.framed[1] = place;
    else if (this.lassoed) this.lassoed.push(place);
    else return;
    this.view.draw();
  }

  up() {
    if (this.stroke) {
      this.stroke = null;
      this.picture.end();
      this.changed();
    } else if (this.framed) {
      const corners = this.framed;
      this.framed = null;
      this.select(rectangle(corners, this.picture));
    } else if (this.lassoed) {
      const points = this.lassoed;
      this.lassoed = null;
      this.select(lasso(points, this.picture));
    }
    this.dragged = null;
    this.view.draw();
  }

  dab(from, to) {
    const radius = Math.max(0.5, this.size / 2);
    const dx = to.x - from.x, dy = to.y - from.y, length = dx * dx + dy * dy;
    const inside = (x, y) => {
      const px = x + 0.5 - from.x, py = y + 0.5 - from.y;
      const along = length ? Math.max(0, Math.min(1, (px * dx + py * dy) / length)) : 0;
      return (px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius;
    };
    const x = Math.floor(Math.min(from.x, to.x) - radius), y = Math.floor(Math.min(from.y, to.y) - radius);
    const width = Math.ceil(Math.max(from.x, to.x) + radius) - x, height = Math.ceil(Math.max(from.y, to.y) + radius) - y;
    const change = this.tool === "eraser" ? (i) => this.picture.erase(i) : this.picture.painter(this.colour);
    this.picture.paint({ x, y, width, height }, inside, change);
    this.view.draw();
  }

  pick(place) {
    const x = Math.floor(place.x), y = Math.floor(place.y);
    if (x >= 0 && y >= 0 && x < this.picture.width && y < this.picture.height) this.picked(this.picture.colourAt(x, y));
  }

  // Selected pieces. A selection is a box with a map of its pixels; a floating piece is one that was lifted off.

  select(selection) {
    if (!selection && !this.selection) return;
    this.drop();
    this.selection = selection;
    this.view.draw();
    this.changed();
  }

  selects(place) {
    const s = this.selection;
    if (!s) return false;
    const x = Math.floor(place.x) - s.x, y = Math.floor(place.y) - s.y;
    return x >= 0 && y >= 0 && x < s.width && y < s.height && Boolean(s.inside[y * s.width + x]);
  }

  // Take the selected pixels up; unless it is a copy, what is left behind is a hole filled from around it.
  lift(copy) {
    if (this.floating) this.land();
    const s = this.selection, { picture } = this;
    const pixels = new Uint8ClampedArray(s.width * s.height * 4);
    each(s, picture, (at, i) => pixels.set(picture.pixels.subarray(i * 4, i * 4 + 4), at * 4));
    const seen = pixels.slice();
    s.inside.forEach((inside, at) => inside || seen.fill(0, at * 4, at * 4 + 4));
    if (!copy) this.cut();
    this.floating = { ...s, pixels, copy, canvas: canvasOf(s.width, s.height, seen) };
    // It counts already, though a copy changes nothing before it lands.
    picture.edited = true;
    this.view.draw();
    this.changed();
  }

  cut() {
    const s = this.selection, { picture } = this;
    picture.begin();
    const rim = 16;
    const box = clip({ x: s.x - rim, y: s.y - rim, width: s.width + 2 * rim, height: s.height + 2 * rim }, picture.width, picture.height);
    const around = picture.read(box);
    const known = new Uint8Array(box.width * box.height).fill(1);
    each(s, picture, (_, i, x, y) => (known[(y - box.y) * box.width + x - box.x] = 0));
    fillSmoothly(around.pixels, known, box.width, box.height);
    picture.paint(s, within(s), (i) => {
      const at = (Math.floor(i / picture.width) - box.y) * box.width + (i % picture.width) - box.x;
      picture.pixels.set(around.pixels.subarray(at * 4, at * 4 + 4), i * 4);
      picture.marks[i] = HOLE;
    });
    picture.end();
  }

  // Put the floating piece down where it is; the selection stays.
  land() {
    const piece = this.floating, { picture } = this;
    this.floating = null;
    if (!piece) return;
    picture.begin();
    picture.paint(piece, within(piece), (i) => {
      const at = (Math.floor(i / picture.width) - piece.y) * piece.width + (i % picture.width) - piece.x;
      picture.pixels.set(piece.pixels.subarray(at * 4, at * 4 + 4), i * 4);
      picture.marks[i] = 0;
    });
    picture.end();
  }

  drop() {
    if (!this.floating) return;
    this.land();
    this.changed();
  }

  done() {
    this.select(null);
  }

  fill() {
    const s = this.selection;
    if (!s) return;
    this.drop();
    this.picture.begin();
    this.picture.paint(s, within(s), this.picture.painter(this.colour));
    this.picture.end();
    this.select(null);
  }

  copy() {
    if (this.selection) this.lift(true);
  }

  remove() {
    if (!this.selection) return;
    if (this.floating) this.floating = null;
    else this.cut();
    this.picture.refresh();
    this.select(null);
    this.changed();
  }

  undo() {
    // A piece in the air goes back where it was.
    const lifted = this.floating;
    this.floating = null;
    this.selection = null;
    if (lifted?.copy) this.picture.refresh();
    else this.picture?.undo();
    this.view.draw();
    this.changed();
  }

  redo() {
    this.drop();
    this.selection = null;
    this.picture?.redo();
    this.view.draw();
    this.changed();
  }

  // What is drawn above the picture.

  above(context, pixel) {
    if (this.guest) {
      frame(context, this.guest.box, pixel);
      return;
    }
    const piece = this.floating;
    if (piece) context.drawImage(piece.canvas, piece.x, piece.y);
    if (this.selection) ants(context, placed(this.selection), pixel);
    if (this.framed) ants(context, frameOf(this.framed), pixel);
    if (this.lassoed) ants(context, path(this.lassoed), pixel);
    if (this.pointer && (this.tool === "brush" || this.tool === "eraser")) {
      const ring = new Path2D();
      ring.arc(this.pointer.x, this.pointer.y, Math.max(0.5, this.size / 2), 0, 7);
      line(context, ring, pixel, "#fff", 2.5);
      line(context, ring, pixel, "#000", 1);
    } else if (this.pointer && this.pointer === this.cursor) {
      const cross = new Path2D(`M${this.cursor.x - 8 * pixel} ${this.cursor.y}h${16 * pixel}M${this.cursor.x} ${this.cursor.y - 8 * pixel}v${16 * pixel}`);
      line(context, cross, pixel, "#fff", 3);
      line(context, cross, pixel, "#000", 1);
    }
  }
}

// All the places that a pointer went since it last said so.
function points(event) {
  const all = event.getCoalescedEvents?.() ?? [];
  return all.length ? all : [event];
}

// A frame that is seen on any picture.
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

function line(context, outline, pixel, colour, width) {
  context.setLineDash([]);
  context.strokeStyle = colour;
  context.lineWidth = width * pixel * devicePixelRatio;
  context.stroke(outline);
}

function ants(context, outline, pixel) {
  line(context, outline, pixel, "#fff", 1.5);
  context.setLineDash([4 * pixel * devicePixelRatio, 4 * pixel * devicePixelRatio]);
  context.strokeStyle = "#000";
  context.stroke(outline);
  context.setLineDash([]);
}

function path(points) {
  const outline = new Path2D();
  for (const { x, y } of points) outline.lineTo(x, y);
  outline.closePath();
  return outline;
}

function frameOf([a, b]) {
  return path([a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }]);
}

// A selection's outline where it is now.
function placed({ outline, x, y }) {
  const there = new Path2D();
  there.addPath(outline, new DOMMatrix([1, 0, 0, 1, x, y]));
  return there;
}

function rectangle([a, b], picture) {
  const x = Math.round(Math.min(a.x, b.x)), y = Math.round(Math.min(a.y, b.y));
  const box = clip({ x, y, width: Math.round(Math.max(a.x, b.x)) - x, height: Math.round(Math.max(a.y, b.y)) - y }, picture.width, picture.height);
  const { width, height } = box ?? {};
  return box && { ...box, inside: new Uint8Array(width * height).fill(1), outline: frameOf([{ x: 0, y: 0 }, { x: width, y: height }]) };
}

function lasso(points, picture) {
  const xs = points.map((point) => point.x), ys = points.map((point) => point.y);
  const low = (values) => values.reduce((a, b) => Math.min(a, b)), high = (values) => values.reduce((a, b) => Math.max(a, b));
  const x = Math.floor(low(xs)), y = Math.floor(low(ys));
  const box = clip({ x, y, width: Math.ceil(high(xs)) - x, height: Math.ceil(high(ys)) - y }, picture.width, picture.height);
  if (!box) return null;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: box.width, height: box.height });
  const context = canvas.getContext("2d");
  context.translate(-box.x, -box.y);
  context.fill(path(points), "evenodd");
  const { data } = context.getImageData(0, 0, box.width, box.height);
  const inside = new Uint8Array(box.width * box.height).map((_, at) => (data[at * 4 + 3] > 127 ? 1 : 0));
  const outline = path(points.map((point) => ({ x: point.x - box.x, y: point.y - box.y })));
  return inside.includes(1) ? { ...box, inside, outline } : null;
}

// Call with every pixel of a selection that lies on the picture: its number there and here, and its place.
function each(selection, picture, call) {
  for (let row = 0, at = 0; row < selection.height; row++) {
    for (let column = 0; column < selection.width; column++, at++) {
      const x = selection.x + column, y = selection.y + row;
      if (selection.inside[at] && x >= 0 && y >= 0 && x < picture.width && y < picture.height) call(at, y * picture.width + x, x, y);
    }
  }
}

const within = (selection) => (x, y) => selection.inside[(y - selection.y) * selection.width + x - selection.x];
