// What the page holds, shared by its modules, and what it says.

import { Refused } from "./wire.js";

export const $ = (id) => document.getElementById(id);

// studio, task: as the server describes them. current: the image on the easel; shown: the result in the other pane.
export const state = { studio: null, task: null, images: [], current: null, results: [], shown: null, running: null };

export function say(text) {
  $("status").textContent = text;
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
