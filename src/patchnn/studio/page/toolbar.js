// The tool bar: tools, colour and size of the brush, history, and what a selection offers.

import { $, every, find, on, say, state } from "./state.js";
import { element } from "./elements.js";
import { paletteOf } from "./palette.js";
import { asksForMarks, easel, showMarks } from "./stage.js";

const TOOLS = {
  brush: "Brush: mark or paint",
  eraser: "Eraser: restore the original",
  rectangle: "Rectangle: select, drag to move, Alt-drag to copy",
  lasso: "Lasso: select freely, drag to move, Alt-drag to copy",
  wand: "Wand: select what is connected and of one colour; drag to take more",
  picker: "Picker: take a colour from the image",
  hand: "Hand: move the view",
};

const buttons = () => every("#tools [data-tool]:not([hidden])");

// The image that the palette is of.
let fitted = null;
// Whether the user chose the brush's size, or a colour.
let sized = false;
let coloured = false;

// Labels are painted. Marks without a colour remove: they are what a task that asks for marks gets, unless its goal is to fill with what is painted.
const paints = () => Boolean(state.current?.labels) || !asksForMarks(state.task) || Object.values(state.goal.options).includes("own");

export function choose(tool) {
  easel.choose(tool);
  controls();
}

function paintWith(colour) {
  coloured = true;
  $("colour").value = `#${[...colour.slice(0, 3)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  fitTools();
}

const well = () => [...$("colour").value.matchAll(/[0-9a-f]{2}/g)].map(([hex]) => parseInt(hex, 16)).concat(255);

// What the goal needs: colours to paint with, or none.
export function fitTools() {
  easel.colour = paints() ? well() : null;
  $("colours").hidden = !paints();
  find("[data-tool=picker]").hidden = !paints();
  find("[data-do=fill]", $("selection")).hidden = !paints();
  find("[data-do=mark]", $("selection")).hidden = !asksForMarks(state.task) || paints();
  // Marks have no soft rim: the task's own option gives them one.
  find("[data-do=feather]", $("selection")).hidden = !paints();
  if (!paints() && easel.tool === "picker") choose("brush");
  showMarks();
  controls();
}

// The colours of an image, to paint with. The first is the brush's until the user chooses one.
function fitPalette(image) {
  const colours = image.labels ? image.constructor.LABELS : paletteOf(image);
  const name = (colour) => `Paint with rgb ${colour.slice(0, 3).join(", ")}`;
  const swatch = (colour) => {
    const made = element("button", { type: "button", className: "swatch", "aria-label": name(colour), title: name(colour), onclick: () => paintWith(colour) });
    made.style.background = `rgb(${colour.slice(0, 3).join(" ")})`;
    return made;
  };
  $("palette").replaceChildren(...colours.map(swatch));
  if ((coloured && !image.labels) || !colours.length) return;
  paintWith(colours[image.labels ? 1 : 0]);
  coloured = false;
}

export function resize(size) {
  easel.size = Math.max(1, Math.min(Number($("size").max), size));
  $("size").value = easel.size;
  $("size-text").value = easel.size;
  easel.view.draw();
}

// The brush fits the image until the user chooses a size.
function fitBrush({ width, height }) {
  const side = Math.min(width, height);
  $("size").max = Math.max(Number($("size").max), Math.round(side / 3));
  if (!sized) resize(Math.max(4, Math.round(side / 16)));
}

function controls() {
  for (const button of buttons()) {
    const held = button.dataset.tool === easel.tool;
    button.setAttribute("aria-checked", String(held));
    button.tabIndex = held ? 0 : -1;
  }
  $("undo").disabled = !state.current?.past.length && !easel.selection.piece;
  $("redo").disabled = !state.current?.future.length;
  $("selection").hidden = !easel.selection.area || $("easel").hidden;
}

on("looked", () => {
  if (state.current && state.current !== fitted) {
    fitted = state.current;
    fitPalette(fitted);
    fitBrush(fitted);
    fitTools();
  }
  controls();
});
on("edited", controls);
on("picked", (colour) => {
  paintWith(colour);
  choose("brush");
});

for (const button of every("#tools [data-tool]")) {
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
$("size").addEventListener("input", () => {
  sized = true;
  resize(Number($("size").value));
});
$("undo").addEventListener("click", () => easel.undo());
$("redo").addEventListener("click", () => easel.redo());
$("selection").addEventListener("click", (event) => {
  const work = event.target.dataset?.do;
  if (!work) return;
  easel.selection[work]();
  if (work === "feather") say(`The rim is soft over ${easel.selection.area?.soft} pixels.`);
  if (work === "copy") say("This is a copy: drag it, or move it with the arrow keys.");
  easel.canvas.focus();
});
