// A rater's way: words, practice, questions, thanks.

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
