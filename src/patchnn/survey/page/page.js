"use strict";
// A survey's page: practice, questions, and answers that are sent to the server or saved as a file. Nothing else leaves the page.

const survey = JSON.parse(document.getElementById("survey").textContent);
const address = new URLSearchParams(location.hash.slice(1));
const key = address.get("key");
const PLACE = `patchnn-survey ${survey.survey} ${survey.page}`;
const PAUSE = 600; // milliseconds with a cross before the images
const RETRY = 3000;
const LARGEST = 2; // small images are shown at most so many times as large
const AGAIN = 3; // questions between a question and its repetition, where there are so many
const paired = survey.setup !== "unpaired";
const limit = survey.seconds === null ? Infinity : survey.seconds * 1000;
const QUESTION = survey.setup === "paired" ? "Which image is real?"
  : survey.setup === "unpaired" ? "Is this image real?"
  : survey.instruction ? `Which image fits better: “${survey.instruction}”?` : "Which image looks more real?";

const at = (id) => document.getElementById(id);
const make = (tag, text = "", facts = {}) => Object.assign(document.createElement(tag), { textContent: text }, facts);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise(requestAnimationFrame);
const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// Random numbers in [0, 1) that a text decides.
function random(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(values, next) {
  const mixed = [...values];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

// The questions of a rater: order, variants, sides and repetitions. What shows an original again comes after its question.
function plan(rater) {
  const next = random(`${survey.seed}/${survey.page}/${rater}`);
  const trial = (item, set) => ({ question: item.id, repeat: false, images: shuffled(set, next), original: item.original });
  const start = Math.floor(next() * 2 ** 16);
  const questions = shuffled(survey.items.filter((item) => !item.after), next);
  const trials = questions.map((item, place) => trial(item, item.sets[(start + place) % item.sets.length]));
  const insert = (added, after, apart) => {
    const first = Math.min(trials.findIndex((one) => one.question === after) + apart, trials.length);
    trials.splice(first + Math.floor(next() * (trials.length + 1 - first)), 0, added);
  };
  for (const first of shuffled(trials.slice(0, Math.ceil(trials.length / 2)), next).slice(0, survey.repeats)) {
    insert({ ...first, repeat: true, images: [...first.images].reverse() }, first.question, AGAIN);
  }
  for (const item of survey.items) {
    if (item.after) insert(trial(item, item.sets[0]), item.after, 1);
  }
  return trials;
}

// What survives a reload, where the browser keeps anything.
function remember() {
  try {
    localStorage.setItem(PLACE, JSON.stringify(state));
  } catch {
    return false;
  }
  return true;
}

function recall() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE));
    if (found && Array.isArray(found.answers) && (!address.get("rater") || found.rater === address.get("rater"))) return found;
  } catch { /* nothing was kept */ }
  return null;
}

const someone = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fresh = (rater) => ({ rater, answers: [], sent: 0, looks: 0, practised: false });
let state = recall() || fresh(address.get("rater") || someone());
let trials = plan(state.rater);

// The screen with words. Resolves when its first button is pressed, or Space.
function talk(headline, words, button, other = null) {
  at("trial").hidden = true;
  at("talk").hidden = false;
  document.querySelector("footer").hidden = true;
  at("headline").textContent = headline;
  at("words").replaceChildren(...words);
  at("alarm").textContent = "";
  at("next").textContent = button;
  at("next").focus();
  at("other").hidden = !other;
  if (other) Object.assign(at("other"), { textContent: other.text, onclick: other.act });
  return new Promise((done) => {
    at("next").onclick = done;
  });
}

async function bitmap(id) {
  const image = new Image();
  image.src = `data:image/jpeg;base64,${survey.images[id]}`;
  await image.decode();
  return createImageBitmap(image);
}

// The largest scale at which images fit side by side or stacked; all images of a question have the same.
function arrange(bitmaps, original) {
  const stage = at("stage").getBoundingClientRect();
  const [width, height] = [Math.max(...bitmaps.map((b) => b.width)), Math.max(...bitmaps.map((b) => b.height))];
  const label = paired ? 40 : 16;
  const above = original ? Math.min(0.3 * stage.height, original.height * LARGEST) : 0;
  const room = stage.height - (original ? above + 40 : 0);
  const across = Math.min((stage.width - 16 * bitmaps.length - 12 * (bitmaps.length - 1)) / (width * bitmaps.length), (room - label) / height);
  const down = Math.min((stage.width - 16) / width, (room - (label + 8) * bitmaps.length) / (height * bitmaps.length));
  at("images").classList.toggle("stacked", down > across);
  const scale = Math.max(0.05, Math.min(LARGEST, Math.max(across, down)));
  [...at("images").querySelectorAll("canvas")].forEach((canvas, n) => size(canvas, bitmaps[n], scale));
  if (original) size(at("original").querySelector("canvas"), original, Math.min(above / original.height, (stage.width - 16) / original.width));
}

function size(canvas, bitmap, scale) {
  canvas.style.width = `${Math.round(bitmap.width * scale)}px`;
  canvas.style.height = `${Math.round(bitmap.height * scale)}px`;
}

// Coloured squares that cover what was seen.
function cover(canvas) {
  const context = canvas.getContext("2d");
  const step = Math.max(4, Math.round(canvas.width / 40));
  for (let y = 0; y < canvas.height; y += step) {
    for (let x = 0; x < canvas.width; x += step) {
      context.fillStyle = `rgb(${[0, 0, 0].map(() => Math.floor(256 * Math.random())).join()})`;
      context.fillRect(x, y, step, step);
    }
  }
}

// Show a question and resolve with the answer: which choice, after how long, and how long the images were seen.
async function ask(trial) {
  at("talk").hidden = true;
  at("trial").hidden = false;
  // The last question's images are gone before this one's are ready, which takes a moment.
  at("stage").classList.add("waiting");
  document.querySelector("footer").hidden = false;
  at("question").textContent = QUESTION;
  at("feedback").textContent = "";
  const bitmaps = await Promise.all(trial.images.map(bitmap));
  const original = trial.original && (await bitmap(trial.original));
  const sides = trial.images.map((id, n) => side(n, bitmaps[n]));
  at("images").replaceChildren(...sides);
  at("original").hidden = !original;
  const shown = [...at("images").querySelectorAll("canvas")].map((canvas, n) => [canvas, bitmaps[n]]);
  if (original) {
    const canvas = at("original").querySelector("canvas");
    [canvas.width, canvas.height] = [original.width, original.height];
    shown.push([canvas, original]);
  }
  const answers = paired ? sides : choices();
  if (paired) at("choices").replaceChildren();
  for (const button of answers) button.disabled = true;
  at("cross").hidden = false;
  const fit = () => arrange(bitmaps, original);
  fit();
  addEventListener("resize", fit);
  await wait(PAUSE);

  let given = null;
  const began = await frame();
  for (const [canvas, image] of shown) canvas.getContext("2d").drawImage(image, 0, 0);
  at("cross").hidden = true;
  at("stage").classList.remove("waiting");
  for (const button of answers) button.disabled = false;
  const answered = new Promise((done) => {
    answers.forEach((button, n) => {
      button.onclick = (event) => {
        given ??= { choice: n, ms: event.timeStamp - began };
        done();
      };
    });
  });
  const seen = (async () => {
    let now = began;
    let length = 1000 / 60;
    // The frame nearest to the limit: half a frame early is nearer than the next one.
    while (!given && now - began < limit - length / 2) {
      const last = now;
      now = await Promise.race([frame(), answered.then(() => performance.now())]);
      if (!given) length = Math.min(length, now - last);
    }
    if (limit < Infinity) for (const [canvas] of shown) cover(canvas);
    return now - began;
  })();
  await answered;
  const time = await seen;
  for (const button of answers) button.disabled = true;
  removeEventListener("resize", fit);
  return { ...given, shown: time, again: () => shown.forEach(([canvas, image]) => canvas.getContext("2d").drawImage(image, 0, 0)), sides };
}

function side(number, image) {
  const canvas = make("canvas", "", { width: image.width, height: image.height });
  canvas.setAttribute("role", "img");
  if (!paired) {
    canvas.setAttribute("aria-label", "Image");
    const figure = make("figure");
    figure.append(canvas);
    return figure;
  }
  canvas.setAttribute("aria-label", number ? "Second image" : "First image");
  const button = make("button", "", { className: "pick" });
  const label = make("span", "This one");
  label.insertAdjacentElement(number ? "beforeend" : "afterbegin", make("i", number ? " →" : "← "));
  button.append(canvas, label);
  return button;
}

function choices() {
  const buttons = [make("button", "← Real"), make("button", "Generated →")];
  at("choices").replaceChildren(...buttons);
  return buttons;
}

function count(done, all, what) {
  Object.assign(document.querySelector("progress"), { max: all, value: done });
  at("count").textContent = `${what} ${done + 1} of ${all}`;
}

addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = { ArrowLeft: 0, ArrowUp: 0, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (place !== undefined && !at("trial").hidden) {
    event.preventDefault();
    (paired ? at("images") : at("choices")).querySelectorAll("button")[place]?.click();
  }
  // A focused button takes Space by itself.
  if (event.key === " " && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    if (!at("talk").hidden) at("next").click();
    else at("choices").querySelector("#on")?.click();
  }
});

async function practise() {
  const next = random(`${survey.seed}/practice/${state.rater}`);
  let done = 0;
  for (const { images, real } of survey.practice) {
    count(done++, survey.practice.length, "Practice");
    const order = shuffled(images, next);
    const { choice, again, sides } = await ask({ images: order, original: null });
    const right = paired ? order.indexOf(images[0]) : real ? 0 : 1;
    again();
    if (paired) sides[right].classList.add("right");
    const name = paired ? "the framed image is the intact one" : real ? "this image is intact" : "this image was scrambled";
    at("feedback").textContent = `${choice === right ? "Right" : "Not quite"}: ${name}. The survey’s own questions are harder.`;
    const on = make("button", "Next (Space)", { id: "on", className: "main" });
    at("choices").replaceChildren(on);
    on.focus();
    await new Promise((go) => { on.onclick = go; });
  }
  state.practised = true;
  remember();
}

async function question(number) {
  const trial = trials[number];
  count(number, trials.length, "Question");
  state.looks += 1;
  remember();
  const { choice, ms, shown } = await ask(trial);
  state.answers.push({
    survey: survey.survey, page: survey.page, rater: state.rater, number, question: trial.question, repeat: trial.repeat,
    images: trial.images, choice: paired ? trial.images[choice] : ["real", "generated"][choice],
    ms: Math.round(ms), shown: Math.round(10 * shown) / 10, looks: state.looks,
  });
  state.looks = 0;
  remember();
  send();
}

let sending = null;
let refused = "";
// Send what the server lacks; it keeps each answer once, so that sending twice does no harm.
function send() {
  if (key) sending ??= deliver().finally(() => { sending = null; });
  return sending;
}

async function deliver() {
  while (state.sent < state.answers.length && !refused) {
    const waiting = state.answers.slice(state.sent, state.sent + 50);
    try {
      const answer = await fetch("/answers", { method: "POST", headers: { Authorization: `Bearer ${key}` }, body: lines(waiting) });
      if (answer.ok) {
        state.sent += waiting.length;
        remember();
      } else {
        const said = await answer.json().catch(() => ({}));
        if (answer.status < 500) refused = said.detail || `The server answered with status ${answer.status}.`;
        else await wait(RETRY);
      }
    } catch {
      at("alarm").textContent = at("talk").hidden ? "" : "The server does not answer. This page tries again; you can save your answers as a file.";
      await wait(RETRY);
    }
  }
}

const lines = (answers) => answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");

function save() {
  const link = make("a", "", { download: `answers-${survey.page}-${state.rater}.jsonl` });
  link.href = URL.createObjectURL(new Blob([lines(state.answers)], { type: "application/jsonl" }));
  link.click();
}

function minutes() {
  const each = PAUSE / 1000 + (limit < Infinity ? survey.seconds + 1.5 : 6);
  return Math.ceil((each * trials.length + 10 * survey.practice.length) / 60);
}

function welcome() {
  const about = {
    paired: "You will see two images at a time. One is real. The other was made by a computer from pieces of a real one. Choose the real one.",
    unpaired: "You will see one image at a time. It is real, or it was made by a computer from pieces of a real one. Say which.",
    competition: survey.instruction
      ? `You will see two images, and the original above them. Both were made by a computer to follow one instruction: “${survey.instruction}”. Choose the one that fits it better.`
      : "You will see two images at a time. Both were made by a computer. Choose the one that looks more real.",
  }[survey.setup];
  const points = [
    limit < Infinity ? `You see ${paired ? "them" : "it"} for ${plural(survey.seconds, "second")}, then squares cover ${paired ? "them" : "it"}. You can answer at any time.` : "Look as long as you like.",
    paired ? "Press ← or →, or click or tap an image." : "Press ← for real and → for generated, or click or tap a button.",
    "If you are not sure, guess.",
    `${plural(survey.practice.length, "practice question")}, then ${plural(trials.length, "question")}: about ${plural(minutes(), "minute")}.`,
    "The survey asks for no name. It keeps your answers and how long they took.",
  ];
  const list = make("ul");
  list.append(...points.map((text) => make("li", text)));
  const words = [make("p", about), list];
  if (state.answers.length) words.unshift(make("p", `You have answered ${state.answers.length} of ${trials.length}. You go on where you were.`));
  else if (!remember()) words.push(make("p", "This browser keeps nothing: after a reload you start again."));
  return talk(QUESTION, words, state.answers.length ? "Go on (Space)" : "Start (Space)");
}

async function finish() {
  const again = { text: "Next person", act: () => { state = fresh(someone()); remember(); trials = plan(state.rater); run(); } };
  const keep = () => { save(); at("other").hidden = false; };
  const end = (text, button, other) => {
    talk("Thank you", [make("p", text)], button, other);
    at("next").onclick = keep;
  };
  if (key) {
    end("Your answers are being sent …", "Save as a file", null);
    await send();
  }
  if (key && !refused) end("Your answers have arrived. You can close this page.", "Save a copy", again);
  else end("Save your answers, and send the file to the person who asked you.", "Save answers", again);
  // The next person's answers replace these, which must be safe before.
  at("other").hidden = !key || Boolean(refused);
  at("alarm").textContent = refused;
}

async function run() {
  document.documentElement.dataset.ready = "yes";
  if (state.answers.length < trials.length) {
    await welcome();
    if (!state.practised) {
      await practise();
      await talk("Now the survey", [make("p", `${plural(trials.length, "question")}. You no longer see whether you were right.`)], "Start (Space)");
    }
    send();
    while (state.answers.length < trials.length) await question(state.answers.length);
  }
  await finish();
}

document.title = QUESTION;
run();
