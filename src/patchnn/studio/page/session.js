// The session: images and results are kept in the browser (IndexedDB), so that a reload brings them back.
// It belongs to the studio's token: a studio that is started anew begins with an empty page and removes older sessions.

import { look, say, state } from "./state.js";
import { isMask } from "./cargo.js";
import { EditableImage } from "./image.js";
import { Job, Result } from "./results.js";
import { pick } from "./tasks.js";
import { decode } from "./wire.js";

const KEY = location.hash.slice(1);
const PAUSE = 600;

let store = null;
let timer = null;
let saved = false;
let loaded = false;
// One tab keeps the session: others, of the same address, would write over it. They wait until that one is closed.
let owner = false;
const OTHER = "This studio is open in another tab, which keeps the session: what you do here is not kept.";

function own() {
  const mine = () => {
    owner = true;
    changed();
    return new Promise(() => {});
  };
  // Over a network, without encryption, there are no locks.
  if (navigator.locks) navigator.locks.request(KEY, mine);
  else mine();
  setTimeout(() => owner || say(OTHER), PAUSE);
}

export const kept = () => saved;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function opened() {
  if (store) return store;
  const request = indexedDB.open("patchnn", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("sessions");
  store = await done(request);
  return store;
}

const sessions = async (mode) => (await opened()).transaction("sessions", mode).objectStore("sessions");

// Something changed: keep the session a moment later.
export function changed() {
  if (!loaded || state.running) return;
  saved = false;
  if (!owner) return;
  clearTimeout(timer);
  timer = setTimeout(() => keep().catch(() => {}), PAUSE);
}

async function keep() {
  const at = (image) => state.images.indexOf(image);
  // What a file holds is decoded anew.
  const images = state.images.map(({ name, given, blob, width, height, channels, icc, full, labels, original, pixels, marks, marked, edited }) => ({
    name, given, blob, width, height, channels, icc, whole: !full, labels: labels && { part: labels.part, over: at(labels.over) },
    original: blob ? null : original, marks: marked ? marks : null, pixels: edited ? pixels : null,
  }));
  const jobs = [...new Set(state.results.map((result) => result.job))];
  const results = state.results
    .filter((result) => result.blob)
    .map(({ job, seed, blob, command, notes, patch, wrap, width, height, field }) => ({ job: jobs.indexOf(job), seed, blob, command, notes, patch, wrap, width, height, field }));
  const carried = (cargo) => cargo.map(({ use, head: own, blob, given }) => ({ head: own, blob, given, image: at(use?.image), as: use?.as }));
  const orders = jobs.map(({ goal, head, cargo, large, whole, full }) => ({ goal, head, large, whole, cargo: carried(cargo), full: full && { ...full, sent: carried(full.sent) } }));
  const facts = { images, results, orders, current: at(state.current), goal: state.goal.word };
  await done((await sessions("readwrite")).put(facts, KEY));
  saved = true;
}

// Bring the session of this studio back; return whether there was one.
export async function restore() {
  let facts;
  try {
    const all = await sessions("readwrite");
    facts = await done(all.get(KEY));
    for (const other of await done(all.getAllKeys())) if (other !== KEY) all.delete(other);
  } catch {
    // A private window may have no storage: the page works without.
  }
  loaded = true;
  own();
  if (!facts?.images.length && !facts?.results.length) return false;
  // One after the other: the server lets few requests wait.
  state.images = [];
  for (const one of facts.images) state.images.push(await reopened(one));
  facts.images.forEach(({ labels }, i) => (state.images[i].labels = labels && { ...labels, over: state.images[labels.over], under: state.images[labels.over].canvas }));
  const sent = (cargo) => cargo.map((one) => ({ ...one, use: { image: state.images[one.image], as: one.as }, canvas: shown(one) }));
  const jobs = facts.orders.map(({ goal, head, cargo, large, whole, full }) => Object.assign(new Job(goal, head, sent(cargo)), { large, whole, full: full && { ...full, sent: sent(full.sent) } }));
  state.results = await Promise.all(facts.results.map((one) => Result.restored(jobs[one.job], one)));
  for (const result of state.results) result.job.results.push(result);
  state.current = state.images[facts.current] ?? null;
  const goal = state.studio.goals.find((one) => one.word === facts.goal);
  if (goal) pick(goal);
  look(state.results.at(-1) ?? null);
  say("Your session is back.");
  return true;
}

async function reopened({ name, given, blob, whole, original, pixels, marks, ...facts }) {
  const image = new EditableImage(name, blob, blob ? await decode(name, blob, whole) : { ...facts, data: original }, given);
  if (pixels) image.pixels.set(pixels);
  if (marks) image.marks.set(marks);
  image.show({ x: 0, y: 0, width: image.width, height: image.height });
  image.refresh();
  return image;
}

// What an image that was sent looks like, while it is still open.
function shown({ image, as }) {
  const found = state.images[image];
  return found && (isMask(as) ? found.overlay : as === "first" ? found.first : found.canvas);
}
