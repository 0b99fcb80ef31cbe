// Answers: kept over a reload, sent to the server or saved as a file. Nothing else leaves the page.

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
