// Making results: the order, its answer as it comes, and what can be done with a result.

import { $, attempt, complain, say, state } from "./state.js";
import { run, zip } from "./wire.js";
import { element } from "./controls.js";
import { cargo } from "./slots.js";
import { Job } from "./results.js";
import { easel, look, resultView, reveal, slots } from "./stage.js";
import { grow, strip } from "./strip.js";
import { chosen, pictured, takeBack } from "./tasks.js";
import { toggle } from "./compare.js";
import { showGrid } from "./grid.js";
import { open } from "./opening.js";

// What the page keeps at most: it refuses to make more rather than drop a result.
const MAX_RESULTS = 256;
const MAX_PIXELS = 400e6;

function order() {
  const uses = slots.uses();
  const sent = [];
  const names = new Set();
  const images = {};
  const free = (name) => {
    const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/.exec(name);
    let found = name;
    for (let number = 2; names.has(found.toLowerCase()); number++) found = `${stem}-${number}${suffix ?? ""}`;
    names.add(found.toLowerCase());
    return found;
  };
  for (const option of state.task.options.filter(pictured)) {
    images[option.name] = uses[option.name].map((use) => {
      const known = sent.findIndex((other) => other.use.image === use.image && other.use.as === use.as);
      return known < 0 ? sent.push({ use, ...cargo(use, free) }) - 1 : known;
    });
  }
  const whole = (field) => (field.value.trim() === "" ? null : /^\d+$/.test(field.value.trim()) ? Number(field.value) : field.value);
  const numbers = { seed: whole($("seed")), count: whole($("count")) ?? 1 };
  return { head: { task: state.task.name, images, ...chosen(), ...numbers, preview: visiblePixels(), files: sent.map((one) => one.head) }, sent };
}

// Previews need no more pixels than the screen has for them.
function visiblePixels() {
  const { clientWidth: width, clientHeight: height } = document.querySelector(".panes");
  return Math.round(Math.max(1e4, Math.min(1e6, width * height * devicePixelRatio ** 2)));
}

function room(count) {
  const { results } = state;
  const pixels = results.reduce((sum, { width, height }) => sum + width * height, 0);
  return results.length + (Number(count) || 0) <= MAX_RESULTS && pixels <= MAX_PIXELS;
}

export async function make() {
  if (state.running) return;
  performance.mark("studio:click");
  easel.selection.drop();
  complain();
  const { head, sent } = order();
  if (!room(head.count)) {
    complain(`The page keeps ${state.results.length} results: save those you want, and remove some before you make more.`);
    return;
  }
  const job = new Job(state.goal, head, sent);
  const control = new AbortController();
  state.running = control;
  busy(true);
  showGrid(false);
  say("Working …");
  try {
    await attempt(() => run(head, sent.map((one) => one.blob), control.signal, listener(job)));
    const { length } = job.results;
    const ready = length === 1 ? "One result is ready." : `${length} results are ready.`;
    if (job.unfinished.length === 0 && length) say([ready, ...new Set(job.results.flatMap((result) => result.notes))].join(" "));
    else say("");
  } catch (error) {
    if (error.name === "AbortError") say("Cancelled.");
    else complain(`The connection broke: ${error.message}`);
  } finally {
    state.running = null;
    state.results = state.results.filter((result) => !job.unfinished.includes(result));
    const last = job.results.findLast((result) => result.blob);
    busy(false);
    look(state.results.includes(state.shown) ? state.shown : (last ?? state.results.at(-1) ?? null));
  }
}

// How long a job will take, as far as its share that is done tells it after some seconds.
export function left(seconds, share) {
  const rest = Math.round((seconds / share) * (1 - share));
  return seconds < 3 || share < 0.1 || rest < 1 ? "Working …" : `Working … about ${rest < 90 ? `${rest} s` : `${Math.round(rest / 60)} minutes`} left.`;
}

// What each message of the answer changes on the page.
function listener(job) {
  let first = true;
  let began = performance.now();
  const events = {
    waiting: () => say("Waiting: another job is running."),
    error: (message) => complain(message.text),
    begin: () => {
      began = performance.now();
      state.results = [...state.results, ...job.results];
      look(job.results[0]);
      $("result").scrollIntoView({ block: "nearest" });
    },
    progress: (message) => {
      $("progress").value = job.results.reduce((sum, result) => sum + result.fraction, 0) / job.results.length;
      say(left((performance.now() - began) / 1000, $("progress").value));
      grow(job);
      if (job.results[message.image] !== state.shown) return;
      if (first) resultView.painted.push(() => performance.mark("studio:first"));
      if (message.fraction === 1) resultView.painted.push(() => performance.mark("studio:end"));
      first = false;
      reveal();
    },
    image: (message) => {
      const done = job.results[message.image], next = job.results[message.image + 1];
      if (done === state.shown) reveal();
      if (next && done === state.shown && !document.activeElement?.closest("#result")) look(next);
      else strip();
    },
  };
  return async (message, blobs) => {
    await job.hear(message, blobs);
    events[message.event]?.(message);
  };
}

function busy(on) {
  const focused = document.activeElement;
  $("run").hidden = on;
  $("cancel").hidden = $("progress").hidden = !on;
  $("progress").value = 0;
  if (on && focused === $("run")) $("cancel").focus();
  if (!on && focused === $("cancel")) $("run").focus();
}

$("panel").addEventListener("submit", (event) => {
  event.preventDefault();
  make();
});
$("panel").addEventListener("input", () => complain());
$("cancel").addEventListener("click", () => state.running?.abort());

// Take the images and options of a result back. Images that were removed since stay away.
function useSettings({ job: { head, cargo: sent }, seed }) {
  if (!takeBack(head, seed)) return;
  for (const option of state.task.options.filter(pictured)) {
    const uses = head.images[option.name].map((i) => sent[i].use).filter((use) => use && state.images.includes(use.image));
    if (uses.length) slots.set(option, uses);
  }
  const first = Object.values(slots.uses()).flat()[0]?.image;
  if (first) state.current = first;
  look(state.shown);
  say(`The controls are as they were for seed ${seed}.`);
}

// What can be done with a result.

function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const actions = {
  save: ({ name, blob }) => save(name, blob),
  "save-all": async ({ name, blob, command, job: { cargo: sent } }) => {
    const own = sent.some((one) => one.head.name === name) ? `result-${name}` : name;
    const head = { command, files: [...sent.map((one) => one.head), { name: own, form: "file" }] };
    save(name.replace(/png$/, "zip"), await zip(head, [...sent.map((one) => one.blob), blob]));
  },
  command: async ({ command, job: { cargo: sent } }) => {
    const copied = await navigator.clipboard.writeText(command).then(() => "Copied: ", () => "");
    // Masks, painted and renamed images are no files of the user's.
    const made = sent.filter((one) => one.head.name !== one.given).map((one) => one.head.name);
    say(`${copied}${command}${made.length ? ` (“Save with inputs” saves ${made.join(", ")})` : ""}`);
  },
  compare: () => toggle(),
  settings: (result) => useSettings(result),
  "go-on": ({ name, blob }) => open(name, blob),
  close: () => look(null),
};
$("save-every").addEventListener("click", () =>
  attempt(async () => {
    const done = state.results.filter((result) => result.blob);
    const names = new Set();
    const files = done.map(({ name }, i) => {
      const own = names.has(name) ? name.replace(/\.png$/, `-${i + 1}.png`) : name;
      names.add(own);
      return { name: own, form: "file" };
    });
    const command = done.map((result) => result.command).join("\n");
    save("results.zip", await zip({ command, files }, done.map((result) => result.blob)));
  }),
);
$("actions").addEventListener("click", (event) => {
  const work = actions[event.target.closest("button")?.dataset.do];
  if (work) attempt(() => work(state.shown));
});
