// Before and after: a slider between the image that a result was made from and the result, or its key held down.

import { $, state } from "./state.js";
import { resultView } from "./stage.js";

let held = false;

// What the shown result was made from, unless it has another shape.
export function before() {
  const first = state.shown?.blob && state.shown.job.cargo.find((one) => one.head.form !== "mask");
  const { canvas } = first ?? {};
  return canvas && Math.abs((canvas.width / canvas.height) * (state.shown.height / state.shown.width) - 1) < 0.02 ? canvas : null;
}

export function compare() {
  const on = $("actions").querySelector("[data-do=compare]").getAttribute("aria-pressed") === "true";
  const canvas = before();
  $("split").hidden = !on || !canvas;
  resultView.before = canvas && (on || held) ? canvas : null;
  resultView.split = held ? 1 : Number($("split").value);
  resultView.draw();
}

export function toggle() {
  const button = $("actions").querySelector("[data-do=compare]");
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  compare();
}

export function hold(on) {
  if (held === on) return;
  held = on;
  compare();
}

$("split").addEventListener("input", compare);
