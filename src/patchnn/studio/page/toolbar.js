// The tool bar: tools, colour and size of the brush, history, zoom, and what a selection offers.

import { $, say, state } from "./state.js";
import { asksForMarks, easel, resultView, showMarks } from "./stage.js";

const TOOLS = {
  brush: "Brush: mark or paint",
  eraser: "Eraser: restore the original",
  rectangle: "Rectangle: select, drag to move, Alt-drag to copy",
  lasso: "Lasso: select freely, drag to move, Alt-drag to copy",
  picker: "Picker: take a colour from the image",
  hand: "Hand: move the view",
};

const buttons = () => [...document.querySelectorAll("#tools [data-tool]")];

// Whether the user chose the brush's size, or a colour.
let sized = false;
let coloured = false;

export function choose(tool) {
  easel.choose(tool);
  controls();
}

// colour: null marks without one.
export function paintWith(colour) {
  coloured = Boolean(colour);
  easel.colour = colour;
  if (colour) $("colour").value = `#${[...colour.slice(0, 3)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  showMarks();
  controls();
}

const well = () => [...$("colour").value.matchAll(/[0-9a-f]{2}/g)].map(([hex]) => parseInt(hex, 16)).concat(255);

// The brush marks without a colour where a task asks for marks, and paints elsewhere, until the user chooses a colour.
export function fitColour(task) {
  $("hole").hidden = !task.options.some((option) => option.type === "mask");
  easel.colour = asksForMarks(task) && !coloured ? null : well();
  controls();
}

export function resize(size) {
  easel.size = Math.max(1, Math.min(Number($("size").max), size));
  $("size").value = easel.size;
  $("size-text").value = easel.size;
  easel.view.draw();
}

// The brush fits the image until the user chooses a size.
export function fitBrush({ width, height }) {
  const side = Math.min(width, height);
  $("size").max = Math.max(Number($("size").max), Math.round(side / 3));
  if (!sized) resize(Math.max(4, Math.round(side / 16)));
}

export function controls() {
  for (const button of buttons()) {
    const on = button.dataset.tool === easel.tool;
    button.setAttribute("aria-checked", String(on));
    button.tabIndex = on ? 0 : -1;
  }
  $("hole").setAttribute("aria-pressed", String(!easel.colour));
  $("undo").disabled = !state.current?.past.length && !easel.selection.piece;
  $("redo").disabled = !state.current?.future.length;
  $("selection").hidden = !easel.selection.area || $("easel").hidden;
}

for (const button of buttons()) {
  const about = TOOLS[button.dataset.tool];
  button.title = `${about} (${button.dataset.key.toUpperCase()})`;
  button.setAttribute("aria-label", about);
  button.addEventListener("click", () => choose(button.dataset.tool));
  button.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    const all = buttons();
    const next = all.at((all.indexOf(button) + way) % all.length);
    choose(next.dataset.tool);
    next.focus();
    event.preventDefault();
  });
}
$("colour").addEventListener("input", () => paintWith(well()));
$("hole").addEventListener("click", () => paintWith(easel.colour ? null : well()));
$("size").addEventListener("input", () => {
  sized = true;
  resize(Number($("size").value));
});
$("undo").addEventListener("click", () => easel.undo());
$("redo").addEventListener("click", () => easel.redo());
const views = () => (state.shown ? [easel.view, resultView] : [easel.view]);
$("zoom-in").addEventListener("click", () => views().forEach((view) => view.zoom(1.5)));
$("zoom-out").addEventListener("click", () => views().forEach((view) => view.zoom(1 / 1.5)));
$("zoom-fit").addEventListener("click", () => views().forEach((view) => view.fit()));
$("selection").addEventListener("click", (event) => {
  const work = event.target.dataset?.do;
  if (!work) return;
  easel.selection[work]();
  if (work === "copy") say("This is a copy: drag it, or move it with the arrow keys.");
  easel.canvas.focus();
});
