// The state of the page, shared by its modules, and its messages.

import { Refused } from "./wire.js";

/** @type {(id: string) => any} */
export const $ = (id) => document.getElementById(id);

/** @type {(selector: string, within?: any) => any} */
export const find = (selector, within = document) => within.querySelector(selector);

/** @type {(selector: string) => any[]} */
export const every = (selector) => [...document.querySelectorAll(selector)];

/** @type {() => any} */
export const focused = () => document.activeElement;

// studio, goal, task: as the server describes them. current: the image on the easel; shown: the result in the other pane.
/**
 * @type {{ studio: any, goal: any, task: any, images: import("./image.js").EditableImage[], current: import("./image.js").EditableImage,
 *   results: import("./results.js").Result[], shown: import("./results.js").Result, running: AbortController }}
 */
export const state = { studio: null, goal: null, task: null, images: [], current: null, results: [], shown: null, running: null };

const listeners = {};

// Modules that show something listen for news, so that those that change something need not know them:
// looked (another image or result is shown), revealed (a result has grown), edited (the image on the easel), chosen (what is in the
// slots), wished (an image for a slot), picked (a colour), slid (the line between before and after).
export const on = (news, work) => (listeners[news] ??= []).push(work);

export function tell(news, ...facts) {
  for (const work of listeners[news] ?? []) work(...facts);
}

// Show the current image, and a result in the other pane.
export function look(result) {
  state.shown = result;
  tell("looked");
}

// A message replaces the action that was offered.
export function say(text) {
  withdraw();
  $("status").textContent = text;
}

let offered = null;

// Offer an action next to the message, until another message.
export function offer(text, label, work) {
  say(text);
  offered = work;
  $("offer").textContent = label;
  $("offer").hidden = false;
}

$("offer").addEventListener("click", () => {
  const work = offered;
  say("");
  work?.();
});

export function withdraw() {
  offered = null;
  $("offer").hidden = true;
}

// Show what went wrong, or clear it: without a text.
export function complain(text = "") {
  $("error").textContent = text;
  $("error").hidden = !text;
}

export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say("");
    complain(error.message);
    return undefined;
  }
}
