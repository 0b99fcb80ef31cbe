// The page: pictures, the easel, a task with its controls, and results. All that is known about tasks comes from the server.

import { decode, describe, parcel, Refused, run, started } from "./wire.js";
import { Picture } from "./picture.js";
import { Easel, frame } from "./easel.js";
import { View } from "./view.js";
import { element, knob, spoken } from "./controls.js";
import { cargo, draw, Slots } from "./slots.js";
import { Job } from "./results.js";

const $ = (id) => document.getElementById(id);
const MAX_RESULTS = 48;

const tray = { pictures: [], current: null };
let studio = null;
let task = null;
let knobs = [];
let tuning = [];
let results = [];
let shown = null;
let running = null;
let wished = null;
let sized = false;

// What is said to everyone, and what went wrong.

function say(text) {
  $("status").textContent = text;
}

function complain(text) {
  $("error").textContent = text ?? "";
  $("error").hidden = !text;
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complain(error.message);
    return undefined;
  }
}

// Pictures.

const easel = new Easel($("easel").querySelector("canvas"), {
  changed: () => {
    if (tray.current) slots.render();
    strip();
    controls();
  },
  picked: (colour) => {
    paintWith(colour);
    choose("brush");
  },
});

const slots = new Slots($("slots"), tray, {
  changed: () => refreshKnobs(),
  wish: (option, how) => {
    slots.pin();
    wished = option;
    if (how === "open") $("file").click();
    else sketch();
  },
});

function fresh(name) {
  const clean = name.replace(/[\x00-\x1f/\\:*?"<>|]+/g, "-").replace(/^[.\s-]+/, "").trim();
  const [, stem, suffix] = /^(.*?)(\.[a-z0-9]{1,5})?$/i.exec(clean);
  const taken = new Set(tray.pictures.map((picture) => picture.stem.toLowerCase()));
  const short = stem.slice(0, 60) || "picture";
  let free = short;
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${short}-${number}`;
  return free + (suffix ?? ".png");
}

async function open(name, blob) {
  complain();
  if (blob.size > studio.limits.bytes) throw new Refused(`${name} has more than ${studio.limits.bytes >> 20} MB: use a smaller picture`);
  say(`Opening ${name} …`);
  const pixels = await decode(name, blob);
  take(new Picture(fresh(name), blob, pixels));
  say(`${name} is open, ${pixels.width} × ${pixels.height} pixels.`);
}

async function openAll(files) {
  for (const file of files) await attempt(() => open(file.name || "picture.png", file));
}

function take(picture) {
  tray.pictures.push(picture);
  fitBrush(picture);
  tray.current = picture;
  if (wished) {
    const option = wished;
    wished = null;
    slots.add(option, picture);
  }
  look(null);
}

function sketch() {
  const like = Object.values(slots.uses()).flat()[0]?.picture ?? tray.current;
  const { width, height } = like ?? { width: 320, height: 240 };
  take(Picture.blank(fresh("sketch.png"), width, height, [236, 234, 228]));
  choose("brush");
  say(`A blank sheet of ${width} × ${height} pixels: paint on it.`);
  easel.canvas.focus();
}

function remove(picture) {
  tray.pictures.splice(tray.pictures.indexOf(picture), 1);
  if (tray.current === picture) tray.current = tray.pictures.at(-1) ?? null;
  look(shown);
}

// What is shown: the picture on the easel, and beside it a result.

const resultView = new View($("result").querySelector("canvas"), (context, pixel) => frame(context, resultView.box, pixel));
resultView.painted = [];

function look(result) {
  shown = result;
  const some = Boolean(tray.current || shown);
  $("empty").hidden = some;
  $("strip").hidden = !some;
  $("easel").hidden = !tray.current;
  $("result").hidden = !shown;
  if (tray.current) {
    easel.put(tray.current);
    easel.marks = task?.options.some((option) => option.type === "mask") ?? false;
    easel.show();
    $("easel-caption").textContent = `${tray.current.name}, ${tray.current.width} × ${tray.current.height}`;
  }
  arrange();
  if (shown) reveal();
  slots.render();
  refreshKnobs();
  strip();
  controls();
}

// Side by side or one above the other: as the result is larger.
function arrange() {
  const panes = document.querySelector(".panes");
  const picture = shown && (shown.canvas ?? tray.current);
  const larger = (width, height) => Math.min(width / picture.width, height / picture.height);
  const { clientWidth: width, clientHeight: height } = panes;
  const stacked = Boolean(picture && tray.current && larger(width, height * 0.62) > 1.1 * larger(width * 0.66, height));
  panes.classList.toggle("stacked", stacked);
}

addEventListener("resize", arrange);

function reveal() {
  const { canvas } = shown;
  if (canvas) resultView.show(canvas.width, canvas.height, [canvas]);
  const state = shown.blob ? `${shown.width} × ${shown.height}` : shown.fraction ? `${Math.floor(shown.fraction * 100)} %` : "waiting";
  $("result-caption").textContent = `${shown.job.task}, seed ${shown.seed}, ${state}`;
  for (const button of $("actions").querySelectorAll("button")) button.disabled = !shown.blob && button.dataset.do !== "close";
}

function trace(place) {
  const from = place && shown?.blob ? shown.origin(place.x, place.y) : undefined;
  const side = shown?.patch;
  resultView.box = from && { ...from.here, width: side, height: side };
  resultView.draw();
  if (!tray.current) return;
  if (from?.source) easel.show({ ...from.source, box: { x: from.x, y: from.y, width: side, height: side } });
  else if (easel.guest) easel.show();
  const caption = from?.source ? `${from.source.name}: column ${from.x}, row ${from.y}` : from ? "Kept as it was" : null;
  $("easel-caption").textContent = caption ?? `${tray.current.name}, ${tray.current.width} × ${tray.current.height}`;
}

{
  const { canvas } = resultView;
  let grip = null;
  let cursor = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    grip = event;
    trace(resultView.place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (grip && event.pointerType !== "touch") {
      resultView.pan(event.clientX - grip.clientX, event.clientY - grip.clientY);
      grip = event;
    }
    trace(resultView.place(event));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (grip = null));
  canvas.addEventListener("pointerleave", () => trace(null));
  canvas.addEventListener("blur", () => trace((cursor = null)));
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 1;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!moves || !shown?.blob) return;
    cursor ??= { x: shown.width / 2, y: shown.height / 2 };
    cursor = { x: Math.max(0, Math.min(shown.width - 1, cursor.x + moves[0])), y: Math.max(0, Math.min(shown.height - 1, cursor.y + moves[1])) };
    trace(cursor);
    say(`Column ${Math.floor(cursor.x)}, row ${Math.floor(cursor.y)}: ${$("easel-caption").textContent}`);
    event.preventDefault();
  });
}

// The strip: every picture and every result, small.

function strip() {
  fill($("pictures"), tray.pictures, (picture) =>
    thumb(picture.id, small(picture.canvas), picture.name, picture === tray.current, () => {
      tray.current = picture;
      look(null);
    }, () => remove(picture)),
  );
  fill($("results"), results, (result) =>
    thumb(result.id, result.blob ? once(result.canvas) : small(result.canvas), `${result.job.task} · ${result.seed}`, result === shown, () => look(result), result.blob && (() => forget(result)), result.blob ? null : result.fraction),
  );
  $("h-results").hidden = !results.length;
}

function fill(list, things, make) {
  const active = document.activeElement?.dataset?.thumb;
  list.replaceChildren(...things.map(make));
  if (active) list.querySelector(`[data-thumb="${active}"]`)?.focus();
}

// Small canvases of results that are done, which never change: drawing dozens of them takes time from the engine.
const drawn = new WeakMap();

function small(picture) {
  const canvas = element("canvas", { width: 144, height: 108, "aria-hidden": "true" });
  if (picture) draw(canvas, picture);
  return canvas;
}

function once(picture) {
  if (!drawn.has(picture)) drawn.set(picture, small(picture));
  return drawn.get(picture);
}

function thumb(id, canvas, name, current, pick, drop, fraction = null) {
  const button = element("button", { className: "thumb", "data-thumb": id, "aria-pressed": String(current), onclick: pick, title: name }, canvas, element("span", {}, name));
  if (fraction !== null) button.append(element("progress", { max: 1, value: fraction, "aria-label": `Progress of ${name}` }));
  const cross = drop && element("button", { className: "cross", "aria-label": `Remove ${name}`, title: `Remove ${name}`, onclick: drop }, "×");
  return element("li", {}, button, cross || null);
}

function forget(result) {
  results = results.filter((other) => other !== result);
  look(shown === result ? (results.at(-1) ?? null) : shown);
}

// Tools.

function choose(tool) {
  easel.choose(tool);
  controls();
}

function paintWith(colour) {
  easel.colour = colour;
  if (colour) $("colour").value = `#${[...colour.slice(0, 3)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  controls();
}

const well = () => [...$("colour").value.matchAll(/[0-9a-f]{2}/g)].map(([hex]) => parseInt(hex, 16)).concat(255);

function resize(size) {
  easel.size = Math.max(1, Math.min(Number($("size").max), size));
  $("size").value = easel.size;
  $("size-text").value = easel.size;
  easel.view.draw();
}

// A brush is as large as the picture asks for, until a hand chose a size.
function fitBrush({ width, height }) {
  const side = Math.min(width, height);
  $("size").max = Math.max(Number($("size").max), Math.round(side / 3));
  if (!sized) resize(Math.max(4, Math.round(side / 16)));
}

function controls() {
  for (const button of document.querySelectorAll("[data-tool]")) {
    const on = button.dataset.tool === easel.tool;
    button.setAttribute("aria-checked", String(on));
    button.tabIndex = on ? 0 : -1;
  }
  $("hole").setAttribute("aria-pressed", String(!easel.colour));
  $("undo").disabled = !tray.current?.past.length && !easel.floating;
  $("redo").disabled = !tray.current?.future.length;
  $("selection").hidden = !easel.selection || $("easel").hidden;
}

const TOOLS = {
  brush: "Brush: paint a colour, or mark a hole",
  eraser: "Eraser: bring back what was there",
  rectangle: "Rectangle: select, drag to move, Alt-drag to copy",
  lasso: "Lasso: select freely, drag to move, Alt-drag to copy",
  picker: "Pick a colour from the picture",
  hand: "Move the view",
};

for (const button of document.querySelectorAll("[data-tool]")) {
  const about = TOOLS[button.dataset.tool];
  button.title = `${about} (${button.dataset.key.toUpperCase()})`;
  button.setAttribute("aria-label", about);
  button.addEventListener("click", () => choose(button.dataset.tool));
  button.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    const all = [...document.querySelectorAll("[data-tool]")];
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
const views = () => (shown ? [easel.view, resultView] : [easel.view]);
$("zoom-in").addEventListener("click", () => views().forEach((view) => view.zoom(1.5)));
$("zoom-out").addEventListener("click", () => views().forEach((view) => view.zoom(1 / 1.5)));
$("zoom-fit").addEventListener("click", () => views().forEach((view) => view.fit()));
$("selection").addEventListener("click", (event) => {
  const work = { fill: "fill", copy: "copy", delete: "remove", drop: "done" }[event.target.dataset?.do];
  if (!work) return;
  easel[work]();
  if (work === "copy") say("A copy: drag it, or move it with the arrow keys.");
  easel.canvas.focus();
});

// A task and its controls.

function pick(name) {
  task = studio.tasks.find((other) => other.name === name);
  for (const button of $("tasks").children) button.setAttribute("aria-current", String(button.dataset.task === name));
  $("task-name").textContent = task.name;
  $("task-help").textContent = spoken(`${task.summary} ${task.more}`);
  knobs = task.options.filter((option) => !pictured(option)).map((option) => knob(option, sizeOf));
  $("knobs").replaceChildren(...knobs.map((made) => made.element));
  slots.use(task.options.filter(pictured));
  complain();
  look(shown);
}

// A task that one picture is enough for: with such a one the page begins.
const simple = ({ options }) => options.filter((option) => option.required).length === 1 && !options.some((option) => option.required && option.many);

const pictured = (option) => option.type === "image" || option.type === "mask";

const sizeOf = () => Object.values(slots.uses()).flat()[0]?.picture;

function refreshKnobs() {
  for (const made of knobs) made.refresh();
}

// Making pictures.

function order() {
  const uses = slots.uses();
  const sent = [];
  const names = new Set();
  const pictures = {};
  const free = (name) => {
    const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/.exec(name);
    let found = name;
    for (let number = 2; names.has(found.toLowerCase()); number++) found = `${stem}-${number}${suffix ?? ""}`;
    names.add(found.toLowerCase());
    return found;
  };
  for (const option of task.options.filter(pictured)) {
    pictures[option.name] = uses[option.name].map((use) => {
      const known = sent.findIndex((other) => other.use.picture === use.picture && other.use.as === use.as);
      return known < 0 ? sent.push({ use, ...cargo(use, free) }) - 1 : known;
    });
  }
  const whole = (field) => (field.value.trim() === "" ? null : /^\d+$/.test(field.value.trim()) ? Number(field.value) : field.value);
  const head = {
    task: task.name,
    pictures,
    options: Object.fromEntries(knobs.map((made) => [made.option.name, made.value()])),
    tuning: Object.fromEntries(tuning.filter((made) => made.option.name !== "search").map((made) => [made.option.name, made.value()])),
    search: tuning.find((made) => made.option.name === "search").value(),
    seed: whole($("seed")),
    count: whole($("count")) ?? 1,
    files: sent.map((one) => one.head),
  };
  return { head, sent };
}

async function make() {
  if (running) return;
  performance.mark("studio:click");
  easel.drop();
  complain();
  const { head, sent } = order();
  const job = new Job(task.name, head, sent);
  const control = new AbortController();
  running = { job, control };
  busy(true);
  say("Working …");
  let first = true;
  const hear = (message, blobs) => {
    job.hear(message, blobs);
    if (message.event === "waiting") say("Waiting: another picture is being made.");
    if (message.event === "error") complain(message.text);
    if (message.event === "begin") {
      results = [...results, ...job.results].slice(-MAX_RESULTS);
      look(job.results[0]);
      $("result").scrollIntoView({ block: "nearest" });
    }
    if (message.event === "progress") {
      progress(job);
      const result = job.results[message.picture];
      if (result === shown) {
        if (first) resultView.painted.push(() => performance.mark("studio:first"));
        if (message.fraction === 1) resultView.painted.push(() => performance.mark("studio:end"));
        first = false;
        reveal();
      }
    }
    if (message.event === "picture") {
      strip();
      if (job.results[message.picture] === shown) reveal();
      const next = job.results[message.picture + 1];
      if (next && shown === job.results[message.picture] && !document.activeElement?.closest("#result")) look(next);
    }
  };
  try {
    await attempt(() => run(head, sent.map((one) => one.blob), control.signal, hear));
    const { length } = job.results;
    if (job.unfinished.length === 0 && length) say(length === 1 ? "One picture is made." : `${length} pictures are made.`);
    else say("");
  } catch (error) {
    if (error.name === "AbortError") say("Cancelled.");
    else complain(`The work ended early: ${error.message}`);
  } finally {
    running = null;
    results = results.filter((result) => !job.unfinished.includes(result));
    const last = job.results.findLast((result) => result.blob);
    busy(false);
    look(shown && results.includes(shown) ? shown : (last ?? results.at(-1) ?? null));
  }
}

function progress(job) {
  const done = job.results.reduce((sum, result) => sum + result.fraction, 0);
  $("progress").value = done / job.results.length;
  const thumbs = $("results");
  for (const result of job.unfinished) {
    const button = thumbs.querySelector(`[data-thumb="${result.id}"]`);
    if (!button || !result.canvas) continue;
    button.querySelector("progress").value = result.fraction;
    draw(button.querySelector("canvas"), result.canvas);
  }
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
$("cancel").addEventListener("click", () => running?.control.abort());

// Taking home.

function keep(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const actions = {
  save: () => keep(shown.name, shown.blob),
  "save-all": async () => {
    const { cargo: sent } = shown.job;
    const names = new Set(sent.map((one) => one.head.name));
    const name = names.has(shown.name) ? `result-${shown.name}` : shown.name;
    const head = { command: shown.command, files: [...sent.map((one) => one.head), { name, kind: "file" }] };
    const zip = await parcel(head, [...sent.map((one) => one.blob), shown.blob]);
    keep(shown.name.replace(/png$/, "zip"), zip);
  },
  command: async () => {
    const { command } = shown;
    try {
      await navigator.clipboard.writeText(command);
      say(`Copied: ${command}`);
    } catch {
      say(command);
    }
  },
  "go-on": () => open(shown.name, shown.blob),
  close: () => look(null),
};
$("actions").addEventListener("click", (event) => {
  const work = actions[event.target.closest("button")?.dataset.do];
  if (work) attempt(work);
});

// Opening: by button, by dropping on the page or on a slot, by pasting.

for (const id of ["open", "open-first"]) $(id).addEventListener("click", () => ((wished = null), $("file").click()));
$("sheet").addEventListener("click", () => sketch());
$("file").addEventListener("change", async () => {
  const files = [...$("file").files];
  $("file").value = "";
  await openAll(files);
});
$("file").addEventListener("cancel", () => (wished = null));
const slotAt = (event) => task?.options.find((option) => option.name === event.target.closest?.("[data-option]")?.dataset.option);
addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").hidden = false;
  $("drop").textContent = slotAt(event) ? `Drop as ${slotAt(event).name}` : "Drop to open";
});
addEventListener("dragleave", (event) => event.relatedTarget || ($("drop").hidden = true));
addEventListener("drop", async (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  const option = slotAt(event);
  if (option) slots.pin();
  wished = option ?? null;
  await openAll([...event.dataTransfer.files]);
});
addEventListener("paste", (event) => openAll([...event.clipboardData.files]));

// Keys, where one is not writing.

const KEYS = {
  "[": () => resize(easel.size - Math.max(1, Math.round(easel.size / 8))),
  "]": () => resize(easel.size + Math.max(1, Math.round(easel.size / 8))),
  x: () => $("hole").click(),
  "+": () => $("zoom-in").click(),
  "=": () => $("zoom-in").click(),
  "-": () => $("zoom-out").click(),
  0: () => $("zoom-fit").click(),
  Delete: () => easel.remove(),
  Backspace: () => easel.remove(),
};
for (const button of document.querySelectorAll("[data-key]")) KEYS[button.dataset.key] = () => button.click();

addEventListener("keydown", (event) => {
  const writing = event.target.matches?.("input:not([type=range], [type=checkbox], [type=color]), select, textarea");
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "Enter") make();
  else if (event.key === "Escape" && running) running.control.abort();
  else if (writing) return;
  else if (command && event.key.toLowerCase() === "z") event.shiftKey ? easel.redo() : easel.undo();
  else if (command && event.key.toLowerCase() === "y") easel.redo();
  else if (!command && !event.altKey && KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});
addEventListener("keydown", (event) => event.key === " " && event.target === document.body && (easel.spaced = true));
addEventListener("keyup", (event) => event.key === " " && (easel.spaced = false));
addEventListener("beforeunload", (event) => results.length && event.preventDefault());

// Begin.

await attempt(async () => {
  studio = await describe();
  tuning = [...studio.tuning, studio.search].map((option) => knob(option, sizeOf));
  $("tuning").replaceChildren(...tuning.map((made) => made.element));
  $("count").title = `1 to ${studio.limits.count}`;
  const button = ({ name, summary }) => element("button", { "data-task": name, title: summary, onclick: () => pick(name) }, name);
  $("tasks").replaceChildren(...studio.tasks.map(button));
  for (const reason of studio.broken) complain(`A plugin cannot be used: ${reason}`);
  if (studio.tasks.length) pick((studio.tasks.find(simple) ?? studio.tasks[0]).name);
  for (const [number, name] of studio.pictures.entries()) await attempt(async () => open(name, await started(number)));
  choose("brush");
});
document.documentElement.dataset.ready = "";
