// The page: everything it knows about tasks comes from the server.

import { $, attempt, complain, every, focused, state } from "./state.js";
import * as wire from "./wire.js";
import { easel } from "./stage.js";
import { choose, resize } from "./toolbar.js";
import { describe } from "./tasks.js";
import { offerSamples, open } from "./opening.js";
import { make } from "./making.js";
import { hold } from "./compare.js";
import "./actions.js";
import "./grid.js";
import "./repeat.js";
import "./guides.js";
import "./zoom.js";
import { kept, restore } from "./session.js";

const KEYS = {
  "[": () => resize(easel.size - Math.max(1, Math.round(easel.size / 8))),
  "]": () => resize(easel.size + Math.max(1, Math.round(easel.size / 8))),
  c: () => hold(true),
  "?": () => $("help").showModal(),
  "+": () => $("zoom-in").click(),
  "=": () => $("zoom-in").click(),
  "-": () => $("zoom-out").click(),
  0: () => $("zoom-fit").click(),
  Delete: () => easel.selection.delete(),
  Backspace: () => easel.selection.delete(),
};
for (const button of every("[data-key]")) KEYS[button.dataset.key] = () => button.hidden || button.click();

addEventListener("keydown", (event) => {
  if ($("help").open) return;
  const writing = focused()?.matches("input:not([type=range], [type=checkbox], [type=color]), select, textarea");
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "Enter") make();
  else if (event.key === "Escape" && state.running) state.running.abort();
  else if (writing) return;
  else if (command && event.key.toLowerCase() === "z") event.shiftKey ? easel.redo() : easel.undo();
  else if (command && event.key.toLowerCase() === "y") easel.redo();
  else if (!command && !event.altKey && KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});
addEventListener("keydown", (event) => event.key === " " && event.target === document.body && (easel.pointing.spaced = true));
addEventListener("keyup", (event) => event.key === " " && (easel.pointing.spaced = false));
addEventListener("keyup", (event) => event.key.toLowerCase() === "c" && hold(false));
addEventListener("blur", () => hold(false));
addEventListener("beforeunload", (event) => state.results.length && !kept() && event.preventDefault());
$("keys").addEventListener("click", () => $("help").showModal());

await attempt(async () => {
  choose("brush");
  describe(await wire.describe());
  const { images, samples, broken } = state.studio;
  offerSamples(samples);
  if (!(await restore())) {
    for (const [number, name] of images.entries()) await attempt(async () => open(name, await wire.started(number)));
  }
  if (broken.length) complain(`These plugins cannot be used: ${broken.join("; ")}`);
});
document.documentElement.dataset.ready = "";
