// The tasks and their controls.

import { $, complain, state } from "./state.js";
import { element, knob } from "./controls.js";
import { look, slots } from "./stage.js";
import { fitColour } from "./toolbar.js";

let knobs = [];
let tuning = [];

export const pictured = (option) => option.type === "image" || option.type === "mask";

// The page begins with a task that needs a single image.
const simple = ({ options }) => options.filter((option) => option.required).length === 1 && !options.some((option) => option.required && option.many);

const sizeOf = () => Object.values(slots.uses()).flat()[0]?.image;

export function refreshKnobs() {
  for (const made of knobs) made.refresh();
  steer();
}

function pick(task) {
  state.task = task;
  for (const button of $("tasks").children) button.setAttribute("aria-current", String(button.dataset.task === task.name));
  $("task-name").textContent = task.label;
  $("task-help").textContent = task.help;
  knobs = task.options.filter((option) => !pictured(option)).map((option) => knob(option, sizeOf));
  $("knobs").replaceChildren(...knobs.map((made) => made.element));
  slots.use(task.options.filter(pictured));
  complain();
  fitColour(task);
  look(state.shown);
}

export function describe(studio) {
  state.studio = studio;
  tuning = [...studio.tuning, studio.search].map((option) => knob(option, sizeOf));
  $("tuning").replaceChildren(...tuning.map((made) => made.element));
  $("count").title = `1 to ${studio.limits.count}`;
  const button = (task) => element("button", { "data-task": task.name, title: task.help, onclick: () => pick(task) }, task.label);
  $("tasks").replaceChildren(...studio.tasks.map(button));
  if (studio.tasks.length) pick(studio.tasks.find(simple) ?? studio.tasks[0]);
}

// Marks in a colour steer the filling of a task that offers that, marks without one remove. The user's own choice stays.
export function steer() {
  const marks = Object.values(slots.uses()).flat().filter((use) => use.as === "marks");
  const fill = knobs.find(({ option }) => option.words.includes("own") && option.words.includes("none"));
  if (marks.length) fill?.suggest(marks.some((use) => use.image.painted) ? "own" : "none");
}

export function chosen() {
  const values = (made) => Object.fromEntries(made.map((one) => [one.option.name, one.value()]));
  const { search, ...others } = values(tuning);
  return { options: values(knobs), tuning: others, search };
}
