// The two panes: the image on the easel, and a result with the origins of its patches.

import { $, complain, find, on, say, state, tell } from "./state.js";
import { Easel } from "./easel.js";
import { frame } from "./outlines.js";
import { Slots } from "./slots.js";
import { View } from "./view.js";

export const easel = new Easel($("easel").querySelector("canvas"), {
  changed: () => {
    complain();
    if (state.current) slots.render();
    tell("edited");
  },
  picked: (colour) => tell("picked", colour),
});

export const slots = new Slots($("slots"), {
  changed: () => {
    complain();
    tell("chosen");
  },
  wish: (option, how) => tell("wished", option, how),
});

export const resultView = new View($("result").querySelector("canvas"), (context, pixel) => frame(context, resultView.box, pixel));

// The height of the buttons below a result.
const BAR = 48;

on("looked", () => {
  const { current, shown } = state;
  const some = Boolean(current || shown);
  $("empty").hidden = some;
  $("strip").hidden = !some;
  $("easel").hidden = !current;
  $("result").hidden = !shown;
  if (current) {
    easel.put(current);
    showMarks();
    $("easel-caption").textContent = caption();
  }
  arrange();
  if (shown) reveal();
  slots.render();
});

// Marks show where the task asks for them, and while the brush makes them.
export function showMarks() {
  easel.marks = asksForMarks(state.task) || !easel.colour;
  easel.show();
}

export const asksForMarks = (task) => task?.options.some((option) => option.type === "mask" && option.required) ?? false;

const caption = () => {
  const { name, width, height, full } = state.current;
  return `${name}, ${width} × ${height}${full ? ` of ${full.width} × ${full.height}` : ""}`;
};

// Side by side or one above the other, whichever shows both larger; they are at one scale.
function arrange() {
  const panes = find(".panes");
  const { shown, current } = state;
  const result = shown && (shown.view ?? current);
  const larger = (width, height) => Math.min(...[current, result].map((image) => Math.min(width / image.width, height / image.height)));
  const { clientWidth: width, clientHeight: height } = panes;
  const stacked = Boolean(result && current && larger(width, height / 2 - BAR) > 1.1 * larger(width / 2, height - BAR));
  panes.classList.toggle("stacked", stacked);
}

addEventListener("resize", arrange);

export function reveal() {
  const { shown, current } = state;
  const { canvas, view } = shown;
  if (canvas) resultView.show(view.width, view.height, [canvas]);
  else resultView.clear();
  const progress = shown.blob ? `${shown.width} × ${shown.height}` : shown.fraction ? `${Math.floor(shown.fraction * 100)} %` : "waiting";
  $("result-caption").textContent = `${shown.job.goal.word}, seed ${shown.seed}, ${progress}`;
  const { full, large } = shown.job;
  $("full-row").hidden = !full && !large;
  $("full").hidden = !full;
  $("full-size").textContent = full ? `Save at ${full.size.width} × ${full.size.height}` : "Moved pieces are saved as shown: show all pixels before you move them.";
  $("whole").hidden = !current?.full;
  for (const button of $("actions").querySelectorAll("button")) button.disabled = !shown.blob && button.dataset.do !== "close";
  $("actions").querySelector("[data-do=compare]").disabled = !shown.before;
  tell("revealed");
}

// Point at the origin of the patch at a place in the result.
function trace(place) {
  const { shown, current } = state;
  // A large result is shown smaller than it is.
  const scale = shown?.blob ? shown.width / shown.view.width : 1;
  const from = place && shown?.blob ? shown.origin(place.x * scale, place.y * scale) : undefined;
  const side = shown?.patch;
  resultView.box = from && { x: from.here.x / scale, y: from.here.y / scale, width: side / scale, height: side / scale };
  resultView.draw();
  if (!current) return;
  if (from?.source) easel.show({ ...from.source, box: { x: from.x, y: from.y, width: side, height: side } });
  else if (easel.guest) easel.show();
  const origin = from?.source ? `${from.source.name}: column ${from.x}, row ${from.y}` : from ? "Unchanged" : null;
  $("easel-caption").textContent = origin ?? caption();
}

// The line between before and after follows the pointer.
const slide = (event) => resultView.before && tell("slid", resultView.place(event).x / resultView.width);

const { canvas } = resultView;
let grip = null;
let cursor = null;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  grip = event;
  slide(event);
  trace(resultView.place(event));
});
canvas.addEventListener("pointermove", (event) => {
  if (grip && resultView.before) slide(event);
  else if (grip && event.pointerType !== "touch") {
    resultView.pan(event.clientX - grip.clientX, event.clientY - grip.clientY);
    grip = event;
  }
  trace(resultView.place(event));
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (grip = null));
canvas.addEventListener("pointerleave", () => trace(null));
canvas.addEventListener("blur", () => trace((cursor = null)));
canvas.addEventListener("keydown", (event) => {
  const { shown } = state;
  const step = event.shiftKey ? 10 : 1;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (!moves || !shown?.blob) return;
  const { width, height } = shown.view;
  cursor ??= { x: width / 2, y: height / 2 };
  cursor = { x: Math.max(0, Math.min(width - 1, cursor.x + moves[0])), y: Math.max(0, Math.min(height - 1, cursor.y + moves[1])) };
  trace(cursor);
  say(`Column ${Math.floor(cursor.x)}, row ${Math.floor(cursor.y)}: ${$("easel-caption").textContent}`);
  event.preventDefault();
});
