// What can be done with a result: saved, edited further, its command and its settings taken.

import { $, attempt, look, say, state } from "./state.js";
import { zip } from "./wire.js";
import { element } from "./elements.js";
import { toggle } from "./compare.js";
import { work } from "./making.js";
import { open } from "./opening.js";
import { Job } from "./results.js";
import { slots } from "./stage.js";
import { pictured, takeBack } from "./tasks.js";

// Take the images and options of a result back. Images that were removed since stay away.
function useSettings({ job: { head, cargo: sent }, seed }) {
  if (!takeBack(head, seed)) return;
  for (const option of state.task.options.filter(pictured)) {
    const uses = head.images[option.name].map((i) => sent[i].use).filter((use) => use && state.images.includes(use.image));
    if (uses.length) slots.set(option, uses);
  }
  const first = Object.values(slots.uses()).flat()[0]?.image;
  if (first) state.current = first;
  look(state.shown);
  say(`The controls are as they were for seed ${seed}.`);
}

function download(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// The result to save: that of the whole photograph, made now, where this one is of a workable size and full size is wanted.
async function wanted(result) {
  const { full, goal } = result.job;
  if (!full || !$("full").checked || state.running) return result;
  if (!result.whole?.blob) {
    const job = Object.assign(new Job(goal, { ...full.head, seed: result.seed }, full.sent), { whole: true });
    await work(job);
    result.whole = job.results[0];
  }
  return result.whole?.blob ? result.whole : null;
}

async function saveWithInputs({ name, blob, command, job: { cargo: sent } }) {
  const own = sent.some((one) => one.head.name === name) ? `result-${name}` : name;
  const head = { command, files: [...sent.map((one) => one.head), { name: own, form: "file" }] };
  download(name.replace(/png$/, "zip"), await zip(head, [...sent.map((one) => one.blob), blob]));
}

async function copyCommand({ command, job: { cargo: sent } }) {
  const copied = await navigator.clipboard.writeText(command).then(() => "Copied: ", () => "");
  // Masks, painted and renamed images are no files of the user's.
  const made = sent.filter((one) => one.head.name !== one.given).map((one) => one.head.name);
  say(`${copied}${command}${made.length ? ` (“Save with inputs” saves ${made.join(", ")})` : ""}`);
}

async function goOn({ name, blob }) {
  await open(name, blob);
  // Right after it was made, its settings are still in the form.
  if (!state.current.full) say(`${state.current.name} is on the easel.`);
}

const actions = {
  save: async (result) => {
    const found = await wanted(result);
    if (found) download(found.name, found.blob);
  },
  "save-all": async (result) => {
    const found = await wanted(result);
    if (found) await saveWithInputs(found);
  },
  command: copyCommand,
  compare: () => toggle(),
  settings: (result) => useSettings(result),
  "go-on": goOn,
  close: () => look(null),
};
$("save-every").addEventListener("click", () =>
  attempt(async () => {
    const done = state.results.filter((result) => result.blob);
    const names = new Set();
    const files = done.map(({ name }, i) => {
      const own = names.has(name) ? name.replace(/\.png$/, `-${i + 1}.png`) : name;
      names.add(own);
      return { name: own, form: "file" };
    });
    const command = done.map((result) => result.command).join("\n");
    download("results.zip", await zip({ command, files }, done.map((result) => result.blob)));
  }),
);
$("actions").addEventListener("click", (event) => {
  const act = actions[event.target.closest("button")?.dataset.do];
  if (act) attempt(() => act(state.shown));
});
