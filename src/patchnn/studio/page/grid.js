// All results as a grid, each with what sets it apart: its seed, and the options that are not the same for all.

import { $, look, state } from "./state.js";
import { element } from "./elements.js";
import { draw } from "./cargo.js";

const SIDE = 320;

// The settings of a result, by name.
const settings = ({ job: { goal, head, whole }, seed }) => ({ task: goal.word, ...head.options, ...head.tuning, search: head.search, seed, at: whole ? "full size" : null });

// What sets each of several results apart, as words.
export function differences(results) {
  const all = results.map(settings);
  const names = new Set(all.flatMap((one) => Object.keys(one)));
  const differs = (name) => name === "seed" || all.some((one) => one[name] !== all[0][name]);
  const words = (one) => [...names].filter((name) => differs(name) && one[name] !== undefined && one[name] !== null).map((name) => say(name, one[name]));
  return all.map((one) => words(one).join(", "));
}

const say = (name, value) => (name === "task" ? value : `${name.replaceAll("_", " ")} ${value}`);

export function showGrid(on) {
  $("grid").hidden = !on;
  $("show-all").setAttribute("aria-pressed", String(on));
  if (!on) return $("grid").replaceChildren();
  const done = state.results.filter((result) => result.blob);
  const words = differences(done);
  const cell = (result, i) => {
    const canvas = element("canvas", { width: SIDE, height: Math.round((SIDE * 3) / 4), "aria-hidden": "true" });
    draw(canvas, result.canvas);
    const choose = () => {
      showGrid(false);
      look(result);
    };
    return element("button", { type: "button", className: "cell", onclick: choose }, canvas, element("span", {}, words[i]));
  };
  $("grid").replaceChildren(...done.map(cell));
  return $("grid").querySelector("button")?.focus();
}

$("show-all").addEventListener("click", () => {
  const on = $("grid").hidden;
  if (on && !state.shown) look(state.results.at(-1));
  showGrid(on);
});
