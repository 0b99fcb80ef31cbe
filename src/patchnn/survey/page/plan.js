// Which questions a rater gets, in which order.

// Random numbers in [0, 1) that a text decides.
function random(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(values, next) {
  const mixed = [...values];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

// The questions of a rater: order, variants, sides and repetitions. What shows an original again comes after its question.
function plan(rater) {
  const next = random(`${survey.seed}/${survey.page}/${rater}`);
  const trial = (item, set) => ({ question: item.id, repeat: false, images: shuffled(set, next), original: item.original });
  const start = Math.floor(next() * 2 ** 16);
  const questions = shuffled(survey.items.filter((item) => !item.after), next);
  const trials = questions.map((item, place) => trial(item, item.sets[(start + place) % item.sets.length]));
  const insert = (added, after, apart) => {
    const first = Math.min(trials.findIndex((one) => one.question === after) + apart, trials.length);
    trials.splice(first + Math.floor(next() * (trials.length + 1 - first)), 0, added);
  };
  for (const first of shuffled(trials.slice(0, Math.ceil(trials.length / 2)), next).slice(0, survey.repeats)) {
    insert({ ...first, repeat: true, images: [...first.images].reverse() }, first.question, AGAIN);
  }
  for (const item of survey.items) {
    if (item.after) insert(trial(item, item.sets[0]), item.after, 1);
  }
  return trials;
}
