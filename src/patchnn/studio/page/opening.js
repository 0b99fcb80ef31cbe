// Images come from files, by button, by dropping and pasting, or are drawn on a blank sheet.

import { $, attempt, complain, look, offer, on, say, state, withdraw } from "./state.js";
import { decode, Refused } from "./wire.js";
import { fresh } from "./names.js";
import { EditableImage } from "./image.js";
import { easel, slots } from "./stage.js";
import { choose } from "./toolbar.js";
import { element } from "./elements.js";
import { takeBack } from "./tasks.js";

// The slot that the next image goes into.
let wished = null;

// whole: a large photograph too is shown whole.
export async function open(name, blob, whole = false) {
  const { limits } = state.studio;
  const own = fresh(name);
  complain();
  withdraw();
  if (blob.size > limits.bytes) throw new Refused(`${own} has more than ${limits.bytes >> 20} MB: use a smaller image.`);
  say(`Opening ${own} …`);
  const pixels = await decode(own, blob, whole);
  const image = new EditableImage(fresh(name), blob, pixels, name);
  take(image);
  const { record, full } = pixels;
  const size = `${pixels.width} × ${pixels.height}`;
  if (record && state.studio.tasks.some((task) => task.name === record.task)) {
    offer(`${own} was made by patchnn, with seed ${record.seed}.`, "Use its settings", () => takeBack(record, record.seed));
  } else if (full) {
    offer(`${own} is shown at ${size} of ${full.width} × ${full.height} pixels. Results are saved at full size.`, "Show all pixels", () => showAll(image));
  } else say(`${own} is open, ${size} pixels.`);
}

// Open an image's file again, whole, in its place.
async function showAll(image) {
  state.images = state.images.filter((other) => other !== image);
  await attempt(() => open(image.given, image.blob, true));
}

$("whole").addEventListener("click", () => showAll(state.current));

async function openAll(files) {
  for (const file of files) await attempt(() => open(file.name || "image.png", file));
}

function take(image) {
  state.images.push(image);
  state.current = image;
  if (wished) {
    const option = wished;
    wished = null;
    slots.add(option, image);
  }
  look(null);
  // On a small screen it may be above what was clicked.
  $("easel").scrollIntoView({ block: "nearest" });
}

// Small images to begin with.
export function offerSamples(names) {
  const sample = (name) => {
    const picture = element("img", { src: `/samples/${name}`, alt: "", width: 120, height: 80 });
    const load = () => attempt(async () => open(name, await (await fetch(`/samples/${name}`)).blob()));
    return element("button", { type: "button", "aria-label": `Open the sample ${name.replace(/\..*/, "")}`, onclick: load }, picture);
  };
  $("samples").replaceChildren(...names.map(sample));
}

function sketch() {
  const like = Object.values(slots.uses()).flat()[0]?.image ?? state.current;
  const { width, height } = like ?? { width: 320, height: 240 };
  take(EditableImage.blank(fresh("sketch.png"), width, height, [236, 234, 228]));
  choose("brush");
  say(`A blank sheet of ${width} × ${height} pixels: paint on it.`);
  easel.canvas.focus();
}

on("wished", (option, how) => {
  slots.pin();
  wished = option;
  if (how === "open") $("file").click();
  else sketch();
});

for (const id of ["open", "open-first"]) $(id).addEventListener("click", () => ((wished = null), $("file").click()));
$("sheet").addEventListener("click", () => sketch());
$("file").addEventListener("change", async () => {
  const files = [...$("file").files];
  $("file").value = "";
  await openAll(files);
});
$("file").addEventListener("cancel", () => (wished = null));
const slotAt = (event) => state.task?.options.find((option) => option.name === event.target.closest?.("[data-option]")?.dataset.option);
addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").hidden = false;
  $("drop").textContent = slotAt(event) ? `Drop as “${slotAt(event).label}”` : "Drop to open";
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
