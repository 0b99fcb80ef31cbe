// A result that repeats, laid below and beside itself: a seam would be a line through the middle.

import { $, find, on, state } from "./state.js";
import { resultView } from "./stage.js";

const button = find("[data-do=repeat]", $("actions"));

function lay() {
  const laid = button.getAttribute("aria-pressed") === "true";
  const [down, across] = state.shown.wrap.map((joined) => (laid && joined ? 2 : 1));
  button.hidden = !state.shown.wrap.includes(true);
  const { copies } = resultView;
  if (copies.down === down && copies.across === across) return;
  resultView.copies = { across, down };
  const more = Number(across * down > 1);
  resultView.room = () => ({ x: 0, y: 0, width: more * across * resultView.width, height: more * down * resultView.height });
  resultView.fit();
}

button.addEventListener("click", () => {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  lay();
});
on("revealed", lay);
