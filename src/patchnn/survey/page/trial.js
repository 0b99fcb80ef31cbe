// One question: its images, shown for the time that was asked for, and the answer.

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
