// The strip: a thumbnail of every image and every result.

import { $, focused, look, offer, on, state } from "./state.js";
import { element } from "./elements.js";
import { draw } from "./cargo.js";
import { changed } from "./session.js";

export function strip() {
  const { images, current, results, shown } = state;
  fill($("images"), images, (image) =>
    thumb({ id: image.id, canvas: small(image.canvas), name: image.name, current: image === current, pick: () => pick(image), drop: () => remove(image) }),
  );
  fill($("results"), results, (result) =>
    thumb({
      id: result.id,
      canvas: result.blob ? once(result.canvas) : small(result.canvas),
      name: `${result.job.goal.word} · ${result.seed}${result.job.whole ? " · full size" : ""}`,
      current: result === shown,
      pick: () => look(result),
      drop: result.blob && (() => forget(result)),
      fraction: result.blob ? null : result.fraction,
    }),
  );
  $("h-results").hidden = !results.length;
  $("all").hidden = results.filter((result) => result.blob).length < 2;
  changed();
  const mark = $(shown ? "results" : "images").querySelector("[aria-current=true]");
  if (mark) bring(mark);
}

on("looked", strip);
on("edited", strip);

// Scroll the strip, and only the strip, to a thumbnail.
function bring(button) {
  const view = $("strip").getBoundingClientRect(), box = button.getBoundingClientRect();
  if (box.left < view.left || box.right > view.right - $("all").offsetWidth) $("strip").scrollLeft += box.left + box.width / 2 - view.left - view.width / 2;
}

function fill(list, things, make) {
  const active = focused()?.dataset?.thumb;
  list.replaceChildren(...things.map(make));
  if (active) list.querySelector(`[data-thumb="${active}"]`)?.focus();
}

// Thumbnails of finished results never change: drawing dozens of them again would take time from the engine.
const drawn = new WeakMap();

function small(canvas) {
  const made = element("canvas", { width: 144, height: 108, "aria-hidden": "true" });
  if (canvas) draw(made, canvas);
  return made;
}

function once(canvas) {
  if (!drawn.has(canvas)) drawn.set(canvas, small(canvas));
  return drawn.get(canvas);
}

function thumb({ id, canvas, name, current, pick, drop, fraction = null }) {
  const button = element("button", { className: "thumb", "data-thumb": id, "aria-current": String(current), onclick: pick, title: name }, canvas, element("span", {}, name));
  if (fraction !== null) button.append(element("progress", { max: 1, value: fraction, "aria-label": `Progress of ${name}` }));
  const cross = drop && element("button", { className: "cross", "aria-label": `Remove ${name}`, title: `Remove ${name}`, onclick: drop }, "×");
  return element("li", {}, button, cross || null);
}

function pick(image) {
  state.current = image;
  look(null);
}

// What is removed can be brought back until something else is.

function remove(image) {
  const at = state.images.indexOf(image);
  state.images.splice(at, 1);
  if (state.current === image) state.current = state.images.at(-1) ?? null;
  look(state.shown);
  offer(`${image.name} is removed.`, "Undo", () => {
    state.images.splice(at, 0, image);
    state.current = image;
    look(state.shown);
  });
}

function forget(result) {
  const at = state.results.indexOf(result);
  state.results = state.results.filter((other) => other !== result);
  look(state.shown === result ? (state.results.at(-1) ?? null) : state.shown);
  offer(`${result.name} is removed.`, "Undo", () => {
    state.results = state.results.toSpliced(at, 0, result);
    look(result);
  });
}

// Draw how far the results of a job are, without a new strip.
export function grow(job) {
  for (const result of job.unfinished) {
    const button = $("results").querySelector(`[data-thumb="${result.id}"]`);
    if (!button || !result.canvas) continue;
    button.querySelector("progress").value = result.fraction;
    draw(button.querySelector("canvas"), result.canvas);
  }
}
