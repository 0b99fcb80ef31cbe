// All results as a grid, each with what sets it apart: its seed, and the options that are not the same for all.

import { $, look, on, state } from "./state.js";
import { element } from "./elements.js";
import { draw } from "./cargo.js";

const SIDE = 320;

// The settings of a result, by name.
const settings = ({ job: { goal, head, whole }, seed }) => ({ goal: goal.word, ...head.options, ...head.tuning, search: head.search, seed, at: whole ? "full size" : null });

// What sets each of several results apart, as words: what was wanted, and what differs from others of which the same was wanted.
export function differences(results) {
  const all = results.map(settings);
  const words = (one) => {
    const alike = all.filter((other) => other.goal === one.goal);
    const differs = (name) => name === "seed" || alike.some((other) => other[name] !== one[name]);
    const named = Object.keys(one).filter((name) => name !== "goal" && differs(name)).map((name) => say(name, one[name]));
    return [...(alike.length < all.length ? [one.goal] : []), ...named.filter(Boolean)].join(", ");
  };
  return all.map(words);
}

function say(name, value) {
  const word = name.replaceAll("_", " ");
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? word : `no ${word}`;
  return `${word} ${name === "size" ? value.replace("x", " × ") : value}`;
}

function showGrid(open) {
  $("grid").hidden = !open;
  $("show-all").setAttribute("aria-pressed", String(open));
  if (!open) return $("grid").replaceChildren();
  const done = state.results.filter((result) => result.blob);
  const words = differences(done);
  const cell = (result, i) => {
    const canvas = element("canvas", { width: SIDE, height: Math.round((SIDE * 3) / 4), "aria-hidden": "true" });
    draw(canvas, result.canvas);
    return element("button", { type: "button", className: "cell", onclick: () => look(result) }, canvas, element("span", {}, words[i]));
  };
  $("grid").replaceChildren(...done.map(cell));
  return $("grid").querySelector("button")?.focus();
}

$("show-all").addEventListener("click", () => showGrid($("grid").hidden));
// What is chosen elsewhere is seen.
on("looked", () => showGrid(false));
