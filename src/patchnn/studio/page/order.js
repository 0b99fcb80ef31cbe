// Orders: what is asked of the server, from the controls and the images in the slots.

import { $, state } from "./state.js";
import { cargo, wholes } from "./cargo.js";
import { guideUses } from "./guides.js";
import { slots } from "./stage.js";
import { chosen, pictured } from "./tasks.js";

// What the page keeps at most: it refuses to make more rather than drop a result.
const MAX_RESULTS = 256;
const MAX_PIXELS = 400e6;

export function room(count) {
  const { results } = state;
  const pixels = results.reduce((sum, { width, height }) => sum + width * height, 0);
  return results.length + (Number(count) || 0) <= MAX_RESULTS && pixels <= MAX_PIXELS;
}

// Previews need no more pixels than the screen has for them.
function visiblePixels() {
  const { clientWidth: width, clientHeight: height } = document.querySelector(".panes");
  return Math.round(Math.max(1e4, Math.min(1e6, width * height * devicePixelRatio ** 2)));
}

// Gives each name once, numbered where it was given before.
function namer() {
  const names = new Set();
  return (name) => {
    const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/.exec(name);
    let found = name;
    for (let number = 2; names.has(found.toLowerCase()); number++) found = `${stem}-${number}${suffix ?? ""}`;
    names.add(found.toLowerCase());
    return found;
  };
}

const whole = (field) => (field.value.trim() === "" ? null : /^\d+$/.test(field.value.trim()) ? Number(field.value) : field.value);

// The order that the controls ask for: {head, sent, large, full}. large: the page shows less than there is of an image; full: the
// same order for whole photographs, null where a piece was moved on one.
export function order() {
  const held = slots.uses();
  const uses = [];
  const at = (use) => {
    const known = uses.findIndex((other) => other.image === use.image && other.as === use.as);
    return known < 0 ? uses.push(use) - 1 : known;
  };
  const images = Object.fromEntries(state.task.options.filter(pictured).map((option) => [option.name, held[option.name].map(at)]));
  const guides = guideUses().map(({ sources, target, weight }) => ({ sources: sources.map(at), target: at(target), weight }));
  const numbers = { seed: whole($("seed")), count: whole($("count")) ?? 1 };
  const head = { task: state.task.name, images, guides, ...chosen(), ...numbers, preview: visiblePixels() };
  const name = namer();
  const sent = uses.map((use) => ({ use, ...cargo(use, name, uses) }));
  const large = uses.some((use) => use.image.full);
  return { head: { ...head, files: sent.map((one) => one.head) }, sent, large, full: large ? fullOrder(head, uses) : null };
}

function fullOrder(head, uses) {
  const sent = wholes(uses, namer());
  if (!sent) return null;
  const { image: large } = uses.find((use) => use.image.full);
  const options = enlarged(head.options, large.full.width / large.width);
  return { head: { ...head, options, count: 1, files: sent.map((one) => one.head) }, sent: sent.map((one, i) => ({ use: uses[i], ...one })), size: large.full };
}

// Options that count pixels count as many more in a larger image.
function enlarged(options, scale) {
  const more = (number) => Number((Number(number) * scale).toFixed(2));
  const made = { ...options };
  for (const { name, type, pixels } of state.task.options) {
    const value = made[name];
    if (type === "size" && value) made[name] = value.split("x").map((side) => (side.endsWith("%") ? side : Math.round(more(side)))).join("x");
    else if (pixels && typeof value === "number") made[name] = type === "integer" ? Math.round(more(value)) : more(value);
    else if (pixels && /^\d+$/.test(value)) made[name] = String(Math.round(more(value)));
  }
  return made;
}
