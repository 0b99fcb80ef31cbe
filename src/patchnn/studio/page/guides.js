// Guides: labels painted over each image, and over what is to be made of them. A colour goes where the same colour is.

import { $, look, on, say, state } from "./state.js";
import { element } from "./elements.js";
import { EditableImage } from "./image.js";
import { fresh } from "./names.js";
import { slots } from "./stage.js";
import { choose } from "./toolbar.js";
import { wantedSize } from "./tasks.js";

// The images that patches come from, in their order.
function subjects() {
  const [first, ...others] = state.task.options.filter((option) => option.type === "image");
  const held = slots.uses();
  return [first, ...others.filter((option) => option.many)].flatMap((option) => held[option.name].map((use) => use.image));
}

const sheet = (part, over) => state.images.find((image) => image.labels?.part === part && image.labels.over === over);

// The labels that guide the next result: none, until all sheets are there.
export function guideUses() {
  const images = subjects();
  const sheets = [...images.map((image) => sheet("source", image)), sheet("target", images[0])];
  if (!images.length || sheets.includes(undefined)) return [];
  const written = $("guide-weight").value.trim().replace(",", ".");
  const weight = written === "" ? 1 : Number.isNaN(Number(written)) ? written : Number(written);
  const uses = sheets.map((image) => ({ image, as: "now" }));
  return [{ sources: uses.slice(0, -1), target: uses.at(-1), weight }];
}

// The size that the next result will have, or null where only a result of the same images tells.
function resultSize(images) {
  const { shown } = state;
  if (images.length === 1) return wantedSize() ?? images[0];
  return shown?.blob && shown.job.head.task === state.task.name ? shown.view : null;
}

const shows = ({ width, height }) => state.shown?.blob && state.shown.view.width === width && state.shown.view.height === height;

function paintOver(part, over, ending) {
  const images = subjects();
  if (!images.length) return say("Open an image first.");
  let labels = sheet(part, over);
  if (!labels) {
    const size = part === "target" ? resultSize(images) : over;
    if (!size) return say(`Press ${state.goal.word} first: labels are painted over its result.`);
    labels = EditableImage.blank(fresh(`${over.stem}-${ending}.png`), size.width, size.height, EditableImage.LABELS[0]);
    labels.labels = { part, over, under: part === "target" && shows(size) ? state.shown.canvas : over.canvas };
    state.images.push(labels);
  }
  state.current = labels;
  look(part === "source" ? null : state.shown);
  choose("brush");
  // On a narrow screen the easel is above the panel, out of sight.
  $("easel").scrollIntoView({ block: "nearest" });
  const missing = [...images.filter((image) => !sheet("source", image)).map(called), ...(sheet("target", images[0]) ? [] : ["the result"])];
  const next = missing.length ? ` Then the labels over ${missing.join(" and ")}.` : "";
  return say(`Paint one colour over what belongs together; the rest is the other colour.${next}`);
}

const called = (image) => (subjects().length > 1 ? image.name : "the image");

// A button for each sheet.
function render() {
  const images = subjects();
  const button = (id, text, work) => element("button", { id, type: "button", onclick: work }, text);
  const over = images.map((image, i) => button(`label-source${i ? `-${i + 1}` : ""}`, `Over ${called(image)}`, () => paintOver("source", image, "labels")));
  $("sheets").replaceChildren(...over, button("label-target", "Over the result", () => paintOver("target", images[0], "wanted")));
}

for (const news of ["looked", "chosen"]) on(news, render);
