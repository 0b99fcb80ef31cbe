// What people want, the tasks that do it, and their controls.

import { $, complain, look, on, state } from "./state.js";
import { knob } from "./controls.js";
import { element, icon } from "./elements.js";
import { Handles } from "./handles.js";
import { margins } from "./margins.js";
import { asksForMarks, easel, slots } from "./stage.js";
import { choose, fitTools } from "./toolbar.js";

let knobs = [];
let tuning = [];
let sized = null;

export const pictured = (option) => option.type === "image" || option.type === "mask";

const sizeOf = () => Object.values(slots.uses()).flat()[0]?.image;

// The size that is set for the result, or null.
export const wantedSize = () => sized?.sides() ?? null;

function refreshKnobs() {
  for (const made of knobs) made.refresh();
  fitHandles();
  steer();
}

// A finger that holds a handle does not scroll the page.
function fitHandles() {
  easel.canvas.toggleAttribute("data-handles", Boolean(easel.handles?.frame()));
  easel.view.fit(false);
}

export function pick(goal) {
  const task = state.studio.tasks.find((one) => one.name === goal.task);
  Object.assign(state, { goal, task });
  for (const button of $("tasks").children) button.setAttribute("aria-current", String(button.dataset.goal === goal.word));
  $("task-name").textContent = goal.word;
  $("task-how").textContent = goal.how;
  $("task-help").textContent = task.help;
  $("task-help").hidden = task.help === goal.how;
  $("first").textContent = goal.how;
  $("run").textContent = goal.word;
  knobs = task.options.filter((option) => !pictured(option)).map((option) => knob(option, sizeOf));
  for (const made of knobs) if (made.option.name in goal.options) made.set(goal.options[made.option.name]);
  // A knob that the task's help speaks of is at hand.
  const named = tuning.filter((made) => task.tuning.includes(made.option.name));
  $("knobs").replaceChildren(...[...knobs, ...named].map((made) => made.element));
  $("tuning").replaceChildren(...tuning.filter((made) => !named.includes(made)).map((made) => made.element));
  sized = margins(knobs, sizeOf) ?? knobs.find((made) => made.option.type === "size") ?? null;
  easel.handles = sized && !task.options.some((option) => option.many && option.required) ? new Handles(sized, () => sizeOf() === state.current && !easel.guest) : null;
  slots.use(task.options.filter(pictured));
  complain();
  fitTools();
  easel.selection.select(null);
  choose(goal.tool || (asksForMarks(task) ? "brush" : "hand"));
  look(state.shown);
}

export function describe(studio) {
  state.studio = studio;
  tuning = [...studio.tuning, studio.search].map((option) => knob(option, sizeOf));
  $("count").title = `1 to ${studio.limits.count}`;
  const button = (goal) =>
    element("button", { "data-goal": goal.word, "data-task": goal.task, title: goal.how, onclick: () => pick(goal) }, icon(goal.icon), goal.word);
  $("tasks").replaceChildren(...studio.goals.map(button));
  if (studio.goals.length) pick(studio.goals[0]);
}

// Marks in a colour steer the filling of a task that offers that, marks without one remove. The user's own choice stays.
function steer() {
  const marks = Object.values(slots.uses()).flat().filter((use) => use.as === "marks");
  const fill = knobs.find(({ option }) => option.words.includes("own") && option.words.includes("none"));
  if (marks.length) fill?.suggest(marks.some((use) => use.image.painted) ? "own" : "none");
}

export function chosen() {
  const values = (made) => Object.fromEntries(made.map((one) => [one.option.name, one.value()]));
  const { search, ...others } = values(tuning);
  return { options: values(knobs), tuning: others, search };
}

// Set the controls as they were for a result. Values that were not given are the defaults.
export function takeBack({ task, options, tuning: tuned, search }, seed) {
  const fits = (goal) => goal.task === task && Object.entries(goal.options).every(([name, value]) => options[name] === value);
  const { goals } = state.studio;
  const goal = goals.find(fits) ?? goals.find((one) => one.task === task);
  if (!goal) return false;
  pick(goal);
  const given = { ...tuned, search };
  for (const made of knobs) made.set(options[made.option.name] ?? made.option.default);
  for (const made of tuning) made.set(given[made.option.name] ?? made.option.default);
  $("seed").value = seed;
  refreshKnobs();
  return true;
}

on("looked", refreshKnobs);
on("chosen", refreshKnobs);
on("edited", steer);

// The handles follow the size.
for (const change of ["input", "click"]) $("knobs").addEventListener(change, fitHandles);
