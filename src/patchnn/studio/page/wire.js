// Requests to the server. A message is a line of JSON, then the bytes that its `sizes` announces.

const headers = { Authorization: `Bearer ${location.hash.slice(1)}` };

export class Refused extends Error {}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { ...headers, ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The studio does not answer: start it again in its terminal.");
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refused(said.detail || `The studio answered with status ${answer.status}.`);
}

export const describe = async () => (await ask("/api/v1/tasks")).json();

export const started = async (number) => (await ask(`/images/${number}`)).blob();

// Any file that holds an image, as pixels: {width, height, channels, data}. A large one comes at a workable size, and says its
// full one, unless the whole is asked for.
export async function decode(name, blob, whole = false) {
  const headers = { "X-Name": encodeURIComponent(name), ...(whole ? { "X-Whole": "1" } : {}) };
  const answer = await ask("/open", { method: "POST", body: blob, headers });
  const { head, blobs } = unpack(new Uint8Array(await answer.arrayBuffer()));
  return { ...head, data: new Uint8ClampedArray(blobs[0]) };
}

export async function zip(head, blobs) {
  return (await ask("/pack", { method: "POST", body: pack(head, blobs) })).blob();
}

// Send an order and wait for `hear` with every message of the answer. Aborting the signal stops the work.
export async function run(head, blobs, signal, hear) {
  const answer = await ask("/run", { method: "POST", body: pack(head, blobs), signal });
  for await (const message of messages(answer.body.getReader())) await hear(message.head, message.blobs);
}

function pack(head, blobs) {
  const sizes = blobs.map((blob) => (blob instanceof Blob ? blob.size : blob.byteLength));
  return new Blob([JSON.stringify({ ...head, sizes }), "\n", ...blobs]);
}

function unpack(bytes) {
  const end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  let at = end + 1;
  const blobs = head.sizes.map((size) => bytes.slice(at, (at += size)).buffer);
  return { head, blobs };
}

// The bytes are joined only where they may hold a whole message: a large one comes in many pieces.
export async function* messages(reader) {
  let pieces = [], length = 0, needed = 1;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    pieces.push(value);
    length += value.length;
    while (length >= needed) {
      const have = joined(pieces, length);
      const end = have.indexOf(10);
      const sizes = end < 0 ? [] : JSON.parse(new TextDecoder().decode(have.subarray(0, end))).sizes;
      const whole = sizes.reduce((sum, size) => sum + size, end < 0 ? length + 1 : end + 1);
      if (length >= whole) yield unpack(have.subarray(0, whole));
      pieces = [length >= whole ? have.slice(whole) : have];
      length = pieces[0].length;
      needed = length < have.length ? 1 : whole;
    }
  }
}

function joined(pieces, length) {
  if (pieces.length === 1) return pieces[0];
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
