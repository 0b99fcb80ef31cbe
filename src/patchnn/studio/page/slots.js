// Slots: which pictures go into a task. A slot left alone follows what is on the easel; one that was set stays.

import { element, spoken, title } from "./controls.js";

// A use is a picture and what of it: "now" (as it is on the easel), "first" (as it came), "marks" (what is painted on it).
const same = (a, b) => a?.picture === b?.picture && a?.as === b?.as;

export class Slots {
  // tray: {pictures, current}; wish(option, how): called when a picture is to be opened or drawn for a slot.
  constructor(container, tray, { changed, wish }) {
    Object.assign(this, { container, tray, changed, wish, options: [], chosen: {} });
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
      const chosen = this.chosen[option.name]?.filter((use) => this.tray.pictures.includes(use.picture));
      uses[option.name] = chosen ?? this.guess(option, i, uses);
    });
    return uses;
  }

  guess(option, i, uses) {
    const { pictures, current } = this.tray;
    if (!current || (!option.required && option.type !== "mask")) return [];
    const now = (picture) => ({ picture, as: "now" });
    if (option.type === "mask") {
      const over = this.options.slice(0, i).findLast((other) => other.type === "image");
      const under = over && uses[over.name][0]?.picture;
      return under?.marked ? [{ picture: under, as: "marks" }] : [];
    }
    if (option.many) return pictures.map(now);
    const singles = this.options.filter((other) => other.type === "image" && other.required && !other.many);
    if (singles.length < 2) return [now(current)];
    // Of two pictures the second is what was made of the first by hand, or the other one there is.
    const place = singles.indexOf(option);
    if (current.edited && current.blob) return [place === 0 ? { picture: current, as: "first" } : now(current)];
    if (pictures.length < 2) return place === 0 ? [now(current)] : [];
    return pictures[place] ? [now(pictures[place])] : [];
  }

  // Keep what every slot holds now, so that one of them can be set.
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

  add(option, picture) {
    const held = this.uses()[option.name];
    const use = { picture, as: "now" };
    this.set(option, option.many ? [...held, use] : [use]);
  }

  render() {
    const uses = this.uses();
    const active = document.activeElement?.dataset?.slot;
    this.container.replaceChildren(...this.options.map((option) => this.slot(option, uses[option.name])));
    if (active) this.container.querySelector(`[data-slot="${active}"]`)?.focus();
  }

  slot(option, held) {
    const id = `slot-${option.name}`;
    const rows = option.many ? held.map((use, i) => this.row(option, held, i)) : [this.row(option, held, 0)];
    if (option.many) rows.push(this.row(option, held, held.length));
    const label = element("label", { htmlFor: `${id}-0` }, title(option.name));
    const hint = element("p", { className: "hint", id: `${id}-help` }, spoken(option.help));
    return element("div", { className: "slot", "data-option": option.name }, label, ...rows, hint);
  }

  row(option, held, i) {
    const use = held[i] ?? null;
    const choices = this.choices(option);
    const select = element("select", {
      id: `slot-${option.name}-${i}`,
      "data-slot": `${option.name}-${i}`,
      "aria-describedby": `slot-${option.name}-help`,
      "aria-label": `${title(option.name)}${option.many ? ` ${i + 1}` : ""}`,
      onchange: () => this.choose(option, held, i, select.value, choices),
    });
    const none = option.many ? (use ? "Remove" : "Add …") : option.required ? "Choose …" : "None";
    select.append(element("option", { value: "" }, none));
    choices.forEach((choice, at) => select.append(element("option", { value: String(at) }, label(choice))));
    select.append(element("option", { value: "open" }, "Open a file …"), element("option", { value: "draw" }, "Draw one …"));
    const at = choices.findIndex((choice) => same(choice, use));
    select.value = at < 0 ? "" : String(at);
    return element("div", { className: "use" }, thumb(use), select);
  }

  choices(option) {
    const uses = [];
    for (const picture of this.tray.pictures) {
      if (option.type === "mask" && picture.marked) uses.push({ picture, as: "marks" });
      if (picture.blob && picture.edited) uses.push({ picture, as: "now" }, { picture, as: "first" });
      else uses.push({ picture, as: "now" });
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

function label({ picture, as }) {
  if (as === "marks") return `What is marked on ${picture.name}`;
  return picture.edited && picture.blob ? `${picture.name}, ${as === "now" ? "as painted" : "as it came"}` : picture.name;
}

function thumb(use) {
  const canvas = element("canvas", { width: 44, height: 44, "aria-hidden": "true" });
  if (use?.as === "marks") drawMask(canvas, use.picture);
  else if (use) draw(canvas, use.as === "first" ? use.picture.first : use.picture.canvas);
  return canvas;
}

// As the mask will be: white where something is marked.
function drawMask(canvas, { marks, width, height }) {
  const scale = Math.max(width / canvas.width, height / canvas.height);
  const across = Math.floor(width / scale), down = Math.floor(height / scale);
  const image = new ImageData(across, down);
  for (let y = 0, at = 0; y < down; y++) {
    for (let x = 0; x < across; x++, at += 4) {
      const marked = marks[Math.floor((y + 0.5) * scale) * width + Math.floor((x + 0.5) * scale)];
      image.data.fill(marked ? 255 : 0, at, at + 3).fill(255, at + 3, at + 4);
    }
  }
  canvas.getContext("2d").putImageData(image, (canvas.width - across) / 2, (canvas.height - down) / 2);
}

// Draw a picture into a small canvas, whole and in the middle.
export function draw(canvas, picture) {
  const context = canvas.getContext("2d");
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const width = picture.width * scale, height = picture.height * scale;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}

// What an order carries of a use: a file as it came, or pixels; `canvas` is how it looks.
export function cargo({ picture, as }, name) {
  const { width, height, channels, icc } = picture;
  if (as === "marks") {
    return { head: { name: name(`${picture.stem}-mask.png`), kind: "mask", width, height }, blob: picture.marks.slice(), canvas: picture.overlay };
  }
  if (picture.blob && (as === "first" || !picture.edited)) {
    return { head: { name: name(picture.name), kind: "file" }, blob: picture.blob, canvas: picture.first };
  }
  const painted = picture.blob ? `${picture.stem}-painted.png` : picture.name;
  const canvas = element("canvas", { width, height });
  canvas.getContext("2d").drawImage(picture.canvas, 0, 0);
  return { head: { name: name(painted), kind: "rgba", width, height, channels, icc }, blob: picture.pixels.slice(), canvas };
}
