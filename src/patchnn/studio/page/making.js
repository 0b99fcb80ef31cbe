// Making results: an order is sent, and its answer shown as it comes.

import { $, attempt, complain, look, offer, say, state } from "./state.js";
import { run } from "./wire.js";
import { order, room } from "./order.js";
import { Job } from "./results.js";
import { asksForMarks, easel, resultView, reveal, slots } from "./stage.js";
import { grow, strip } from "./strip.js";

// Make what the controls ask for.
export async function make() {
  if (state.running) return;
  performance.mark("studio:click");
  easel.selection.settle(asksForMarks(state.task));
  complain();
  const { head, sent, large, full } = order();
  const job = Object.assign(new Job(state.goal, head, sent), { large, full });
  await work(job);
}

// Do a job; its results come to those that there are.
export async function work(job) {
  if (!room(job.head.count)) {
    complain(`The page keeps ${state.results.length} results: save those you want, and remove some before you make more.`);
    return;
  }
  const control = new AbortController();
  state.running = control;
  busy(true);
  say("Working …");
  try {
    await attempt(() => run(job.head, job.cargo.map((one) => one.blob), control.signal, listener(job)));
    report(job);
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

// Say what was made, and offer what its notes advise.
function report(job) {
  const { length } = job.results;
  if (job.unfinished.length || !length) return say("");
  const ready = length === 1 ? "One result is ready." : `${length} results are ready.`;
  const said = [ready, ...new Set(job.results.flatMap((result) => result.notes))].join(" ");
  const advised = state.task.options.find((option) => job.results[0].advised.includes(option.name));
  const changed = job.cargo.find(({ use }) => use?.as === "now" && use.image.blob && use.image.edited)?.use.image;
  if (!advised || !changed) return say(said);
  // What the user put in is what differs from the file: the mask that the note speaks of.
  return offer(said, `${advised.label} what I changed`, () => {
    slots.set(advised, [{ image: changed, as: "changes" }]);
    make();
  });
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
