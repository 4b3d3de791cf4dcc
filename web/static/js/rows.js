/** Inputs of any number of rows, cut into calls of the size that a variant takes. */

/**
 * @typedef {import("./types").NamedTensor} NamedTensor
 * @typedef {import("./types").Tensor} Tensor
 * @typedef {{outputs: NamedTensor[], ms: number[]}} Run `ms` holds the time of each call
 */

/**
 * Runs `tensors` in calls of `perCall` rows. With `isFixed` every call has exactly that many: the
 * last one is filled up by repeating the last row, and what comes of it is cut off.
 * @param {Tensor[]} tensors
 * @param {number} perCall
 * @param {boolean} isFixed
 * @param {(tensors: Tensor[]) => Promise<Run>} call
 * @returns {Promise<Run>}
 */
export async function inCalls(tensors, perCall, isFixed, call) {
  const total = tensors[0].shape[0];
  /** @type {Run[]} */
  const runs = [];
  for (let at = 0; at < total; at += perCall) {
    const here = isFixed ? perCall : Math.min(perCall, total - at);
    const run = await call(tensors.map((tensor) => rowsOf(tensor, at, here)));
    runs.push(at + here <= total ? run : { ...run, outputs: firstRows(run, total - at) });
  }
  return runs.length === 1 ? runs[0] : joined(runs);
}

/** @returns {Tensor} */
function rowsOf(
  /** @type {Tensor} */ { shape, data },
  /** @type {number} */ at,
  /** @type {number} */ n,
) {
  const [total, ...rest] = shape;
  if (at === 0 && n === total) return { shape, data };
  const size = data.length / total;
  const rows = data.slice(at * size, at * size + n * size);
  if (rows.length === n * size) return { shape: [n, ...rest], data: rows };
  const filled = new /** @type {any} */ (data.constructor)(n * size);
  filled.set(rows);
  for (let i = rows.length; i < filled.length; i++) filled[i] = filled[i - size];
  return { shape: [n, ...rest], data: filled };
}

/** @returns {NamedTensor[]} */
function firstRows(/** @type {Run} */ { outputs }, /** @type {number} */ n) {
  return outputs.map(({ name, shape: [total, ...rest], data }) => ({
    name,
    shape: [n, ...rest],
    data: data.slice(0, (data.length / total) * n),
  }));
}

/** Several calls' outputs, one after the other. */
function joined(/** @type {Run[]} */ runs) {
  const outputs = runs[0].outputs.map(({ name, shape }, i) => {
    const parts = runs.map((run) => run.outputs[i]);
    const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part.data, at);
      at += part.data.length;
    }
    const count = parts.reduce((sum, part) => sum + part.shape[0], 0);
    return { name, shape: [count, ...shape.slice(1)], data };
  });
  return { outputs, ms: runs.flatMap((run) => run.ms) };
}
