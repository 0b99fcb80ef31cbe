// Slots: which images go into a task. A slot follows the easel until it is set.

import { element } from "./controls.js";
import { find, focused, state } from "./state.js";

// A use is an image and a state of it: "now" (as on the easel), "first" (as its file), "marks" (what is marked on it).
const same = (a, b) => a?.image === b?.image && a?.as === b?.as;

export class Slots {
  // wish(option, how): called to open or draw an image for a slot.
  constructor(container, { changed, wish }) {
    /** @type {HTMLElement} */
    this.container = container;
    this.changed = changed;
    this.wish = wish;
    /** @type {any[]} */
    this.options = [];
    this.chosen = {};
    this.dragged = null;
  }

  use(options) {
    this.options = options;
    this.chosen = {};
    this.render();
  }

  // What every slot holds: {name: [use, …]}.
  uses() {
    const uses = {};
    this.options.forEach((option, i) => {
      const chosen = this.chosen[option.name]?.filter((use) => state.images.includes(use.image));
      uses[option.name] = chosen ?? this.guess(option, i, uses);
    });
    return uses;
  }

  guess(option, i, uses) {
    const { images, current } = state;
    if (!current || !option.required) return [];
    const now = (image) => ({ image, as: "now" });
    if (option.type === "mask") {
      const over = this.options.slice(0, i).findLast((other) => other.type === "image");
      const under = over && uses[over.name][0]?.image;
      return under?.marked ? [{ image: under, as: "marks" }] : [];
    }
    if (option.many) return images.map(now);
    const singles = this.options.filter((other) => other.type === "image" && other.required && !other.many);
    if (singles.length < 2) return [now(current)];
    // Of two images the second is the first as painted, or the other one that is open.
    const place = singles.indexOf(option);
    if (current.edited && current.blob) return [place === 0 ? { image: current, as: "first" } : now(current)];
    if (images.length < 2) return place === 0 ? [now(current)] : [];
    return images[place] ? [now(images[place])] : [];
  }

  // Fix what every slot holds, before one of them is set.
  pin() {
    this.chosen = this.uses();
    for (const [name, held] of Object.entries(this.chosen)) if (!held.length) delete this.chosen[name];
  }

  set(option, uses) {
    this.pin();
    this.chosen[option.name] = uses;
    this.render();
    this.changed();
  }

  add(option, image) {
    const held = this.uses()[option.name];
    const use = { image, as: "now" };
    this.set(option, option.many ? [...held, use] : [use]);
  }

  render() {
    const uses = this.uses();
    const active = focused()?.dataset?.slot;
    this.container.replaceChildren(...this.options.map((option) => this.slot(option, uses[option.name])));
    if (active) find(`[data-slot="${active}"]`, this.container)?.focus();
  }

  slot(option, held) {
    const id = `slot-${option.name}`;
    const rows = option.many ? held.map((use, i) => this.row(option, held, i)) : [this.row(option, held, 0)];
    if (option.many) rows.push(this.row(option, held, held.length));
    const label = element("label", { htmlFor: `${id}-0` }, option.label);
    const hint = element("p", { className: "hint", id: `${id}-help` }, option.help);
    return element("div", { className: "slot", "data-option": option.name }, label, ...rows, hint);
  }

  row(option, held, i) {
    const use = held[i] ?? null;
    const choices = this.choices(option);
    const select = element("select", {
      id: `slot-${option.name}-${i}`,
      "data-slot": `${option.name}-${i}`,
      "aria-describedby": `slot-${option.name}-help`,
      "aria-label": `${option.label}${option.many ? ` ${i + 1}` : ""}`,
      onchange: () => this.choose(option, held, i, select.value, choices),
    });
    const none = option.many ? (use ? "Remove" : "Add …") : option.required ? "Choose …" : "None";
    select.append(element("option", { value: "" }, none));
    choices.forEach((choice, at) => select.append(element("option", { value: String(at) }, label(choice))));
    select.append(element("option", { value: "open" }, "Open a file …"), element("option", { value: "draw" }, "Draw one …"));
    const at = choices.findIndex((choice) => same(choice, use));
    select.value = at < 0 ? "" : String(at);
    const row = element("div", { className: "use" }, thumb(use), select);
    if (option.many && use) this.movable(row, option, held, i);
    return row;
  }

  // Images of one slot change their order by dragging.
  movable(row, option, held, i) {
    row.draggable = true;
    row.addEventListener("dragstart", () => (this.dragged = { name: option.name, i }));
    row.addEventListener("dragend", () => (this.dragged = null));
    row.addEventListener("dragover", (event) => this.dragged && event.stopPropagation());
    row.addEventListener("dragover", (event) => this.dragged?.name === option.name && event.preventDefault());
    row.addEventListener("drop", (event) => {
      if (this.dragged?.name !== option.name) return;
      event.stopPropagation();
      event.preventDefault();
      const order = [...held];
      order.splice(i, 0, ...order.splice(this.dragged.i, 1));
      this.set(option, order);
    });
  }

  choices(option) {
    const uses = [];
    for (const image of state.images) {
      if (option.type === "mask" && image.marked) uses.push({ image, as: "marks" });
      if (image.blob && image.edited) uses.push({ image, as: "now" }, { image, as: "first" });
      else uses.push({ image, as: "now" });
    }
    return uses;
  }

  choose(option, held, i, value, choices) {
    if (value === "open" || value === "draw") {
      this.render();
      this.wish(option, value);
      return;
    }
    const rest = [...held];
    if (value === "") rest.splice(i, 1);
    else rest[i] = choices[Number(value)];
    this.set(option, rest);
  }
}

function label({ image, as }) {
  if (as === "marks") return `What is marked on ${image.name}`;
  return image.edited && image.blob ? `${image.name}, ${as === "now" ? "as painted" : "as opened"}` : image.name;
}

function thumb(use) {
  const canvas = element("canvas", { width: 44, height: 44, "aria-hidden": "true" });
  if (use?.as === "marks") drawMask(canvas, use.image);
  else if (use) draw(canvas, use.as === "first" ? use.image.first : use.image.canvas);
  return canvas;
}

// The mask: white where the image is marked.
function drawMask(canvas, { marks, width, height }) {
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

// What an order carries of a use: the file, or pixels. given: the name of the file that the user has, if any.
export function cargo({ image, as }, name) {
  const { width, height, channels, icc } = image;
  if (as === "marks") {
    return { head: { name: name(`${image.stem}-mask.png`), form: "mask", width, height }, blob: image.marks.slice(), canvas: image.overlay };
  }
  if (image.blob && (as === "first" || !image.edited)) {
    return { head: { name: name(image.name), form: "file" }, blob: image.blob, canvas: image.first, given: image.given };
  }
  const painted = image.blob ? `${image.stem}-painted.png` : image.name;
  const canvas = element("canvas", { width, height });
  canvas.getContext("2d").drawImage(image.canvas, 0, 0);
  return { head: { name: name(painted), form: "rgba", width, height, channels, icc }, blob: image.pixels.slice(), canvas };
}
