/** From a model's raw output to one probability per label: the twin of `edge/scores.py`. */

/**
 * @param {Float32Array} raw the first output's values for one image
 * @param {import("./types").Scores} scores how the manifest says they are to be read
 * @param {number} labels how many there are
 * @returns {Float32Array}
 */
export function probabilities(raw, scores, labels) {
  if (scores === "values") throw new Error("expected an output with scores, got plain values");
  let row = raw;
  if (scores === "sigmoid" && raw.length === 1) {
    row = Float32Array.of(1 - raw[0], raw[0]);
  } else if (scores === "logits") {
    const top = raw.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = raw.map((v) => Math.exp(v - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    row = powers.map((v) => v / sum);
  }
  if (row.length !== labels) {
    throw new Error(`expected ${labels} scores, one per label, got ${row.length}`);
  }
  return row;
}

/**
 * Indices from the largest to the smallest; equal values keep their order, as in NumPy's stable
 * argsort of the negated values.
 * @param {Float32Array} row
 */
export function ranked(row) {
  return Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
}

/**
 * The first of `ranked`, without sorting the others: a model may have 10,000 labels, and a camera
 * 30 answers a second.
 * @param {Float32Array} row
 * @param {number} count
 */
export function best(row, count) {
  /** @type {number[]} */
  const found = [];
  for (let i = 0; i < row.length; i++) {
    if (found.length === count && !(row[i] > row[found[count - 1]])) continue;
    let at = Math.min(found.length, count - 1);
    while (at > 0 && row[i] > row[found[at - 1]]) {
      found[at] = found[at - 1];
      at--;
    }
    found[at] = i;
  }
  return found;
}
