// Slots: which images go into a task. A slot follows the easel until it is set.

import { label, thumb } from "./cargo.js";
import { element } from "./elements.js";
import { find, focused, state } from "./state.js";

const same = (a, b) => a?.image === b?.image && a?.as === b?.as;

// What pieces left behind on the image that they were taken from.
function left(uses) {
  const found = uses.find((use) => use.as === "now" && use.image.gapped);
  return found ? [{ image: found.image, as: "gap" }] : [];
}

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
    const images = state.images.filter((image) => !image.labels);
    // Labels stand for the image that they are drawn over.
    const current = state.current?.labels?.over ?? state.current;
    if (option.name === state.goal.gap) return left(Object.values(uses).flat());
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
    // Of two images the second is the first as painted, or the one on the easel if that is another.
    const place = singles.indexOf(option);
    if (current.edited && current.blob) return [place === 0 ? { image: current, as: "first" } : now(current)];
    if (images.length < 2) return place === 0 ? [now(current)] : [];
    const others = images.slice(1);
    return [now(place === 0 ? images[0] : (others.find((image) => image === current) ?? others[place - 1] ?? others[0]))];
  }

  // Fix what every slot holds, before one of them is set.
  pin() {
    const emptied = this.chosen[state.goal.gap]?.length === 0;
    this.chosen = this.uses();
    for (const [name, held] of Object.entries(this.chosen)) if (!held.length) delete this.chosen[name];
    if (emptied) this.chosen[state.goal.gap] = [];
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
      if (option.type === "mask" && image.gapped) uses.push({ image, as: "gap" });
      if (option.type === "mask" && image.blob && image.edited) uses.push({ image, as: "changes" });
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
