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

async function* messages(reader) {
  let have = new Uint8Array(0);
  let needed = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    have = join(have, value);
    while (have.length >= needed) {
      const end = have.indexOf(10);
      if (end < 0) break;
      const head = JSON.parse(new TextDecoder().decode(have.subarray(0, end)));
      needed = end + 1 + head.sizes.reduce((sum, size) => sum + size, 0);
      if (have.length < needed) break;
      yield unpack(have.subarray(0, needed));
      have = have.slice(needed);
      needed = 0;
    }
  }
}

function join(first, second) {
  if (!first.length) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
