// Before and after: a slider between the image that a result was made from and the result, or its key held down.

import { $, on, state } from "./state.js";
import { resultView } from "./stage.js";

let held = false;

function compare() {
  const sliding = $("actions").querySelector("[data-do=compare]").getAttribute("aria-pressed") === "true";
  const canvas = state.shown?.before ?? null;
  $("split").hidden = !sliding || !canvas;
  resultView.canvas.toggleAttribute("data-sliding", sliding && Boolean(canvas));
  resultView.before = canvas && (sliding || held) ? canvas : null;
  resultView.split = held ? 1 : Number($("split").value);
  resultView.draw();
}

export function toggle() {
  const button = $("actions").querySelector("[data-do=compare]");
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  compare();
}

export function hold(down) {
  if (held === down) return;
  held = down;
  compare();
}

$("split").addEventListener("input", compare);
on("slid", (share) => {
  $("split").value = String(share);
  compare();
});
on("revealed", compare);
