// Names of images: safe as a file's on every system, and free.

import { state } from "./state.js";

export function fresh(name) {
  const seen = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").replace(/[/\\:*?"<>|]+/g, "-");
  const clean = seen.replace(/^[.\s-]+/, "").replace(/[.\s]+$/, "");
  const [, stem, suffix] = /^(.*?)(\.[a-z0-9]{1,5})?$/i.exec(clean);
  const taken = new Set(state.images.map((image) => image.stem.toLowerCase()));
  const device = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i.test(stem);
  const short = (device ? `image-${stem}` : stem).slice(0, 60).trim() || "image";
  let free = short;
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${short}-${number}`;
  return free + (suffix ?? ".png");
}
