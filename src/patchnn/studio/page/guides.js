// Guides: labels painted over the image, and over what is to be made of it. A colour goes where the same colour is.

import { $, look, say, state } from "./state.js";
import { EditableImage } from "./image.js";
import { fresh } from "./names.js";
import { slots } from "./stage.js";
import { choose } from "./toolbar.js";
import { wantedSize } from "./tasks.js";

const subject = () => Object.values(slots.uses()).flat()[0]?.image ?? null;

const sheet = (part) => state.images.find((image) => image.labels?.part === part && image.labels.over === subject());

// The labels that guide the next result: none, until both sheets are there.
export function guideUses() {
  const [source, target] = [sheet("source"), sheet("target")];
  if ($("guides").hidden || !source || !target) return [];
  const written = $("guide-weight").value.trim().replace(",", ".");
  const weight = written === "" ? 1 : Number.isNaN(Number(written)) ? written : Number(written);
  return [{ source: { image: source, as: "now" }, target: { image: target, as: "now" }, weight }];
}

function paintOver(part, ending) {
  const image = subject();
  if (!image) return say("Open an image first.");
  let labels = sheet(part);
  if (!labels) {
    const { width, height } = (part === "target" && wantedSize()) || image;
    labels = EditableImage.blank(fresh(`${image.stem}-${ending}.png`), width, height, EditableImage.LABELS[0]);
    labels.labels = { part, over: image };
    state.images.push(labels);
  }
  state.current = labels;
  look(part === "source" ? null : state.shown);
  choose("brush");
  // On a narrow screen the easel is above the panel, out of sight.
  $("easel").scrollIntoView({ block: "nearest" });
  const missing = ["source", "target"].find((each) => !sheet(each));
  const next = missing ? ` Then the labels over the ${missing === "target" ? "result" : "image"}.` : "";
  return say(`Paint one colour over what belongs together; the rest is the other colour.${next}`);
}

$("label-source").addEventListener("click", () => paintOver("source", "labels"));
$("label-target").addEventListener("click", () => paintOver("target", "wanted"));
