/**
 * The proof on the visitor's own device: golden inputs go through the model, golden files through
 * the whole path, and both are compared with what the Keras model gave when it was converted.
 */

import { arrayFromNpy } from "./npy.js";
import { toleranceOf } from "./tolerance.js";

/**
 * @typedef {import("./types").NamedTensor} NamedTensor
 * @typedef {import("./types").Tensor} Tensor
 * @typedef {import("./types").FileEntry} FileEntry
 * @typedef {import("./types").Scores} Scores
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {number} error the worst of its values, relative
 * @property {string | null} fault why it failed; null when it passed
 * @property {boolean} ofPicture whether the browser already made another image of the file
 *
 * @typedef {object} Proof
 * @property {boolean} passed
 * @property {boolean} engineAtFault whether the engine gave a wrong answer for a right image
 * @property {number} agreeing how many cases passed
 * @property {number} total
 * @property {number} values how many numbers were compared
 * @property {number} worst worst error of all cases
 * @property {number} tolerance
 * @property {string} why the tolerance's reason
 * @property {number} rounds
 * @property {Case[]} cases
 *
 * @typedef {object} Subject
 * @property {import("./bundle.js").Bundle} bundle
 * @property {import("./types").Variant} variant
 * @property {(image: Uint8Array) => Promise<NamedTensor[]>} runImage
 * @property {(tensors: Tensor[]) => Promise<NamedTensor[]>} runTensors
 * @property {(bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>} imageFromFile
 * @property {(done: number, total: number) => void} onProgress
 */

// some graphics drivers are right the first time only (shaders and textures are reused after it)
const ROUNDS = 3;

/**
 * @param {Subject} subject
 * @returns {Promise<Proof>}
 */
export async function prove(subject) {
  const { error: tolerance, why } = toleranceOf(subject.variant.id);
  const checks = [...(await inputChecks(subject)), ...(await fileChecks(subject))];
  if (checks.length === 0) {
    throw new Error("expected golden inputs in the bundle, got none; convert the model again");
  }
  /** @type {Map<string, Case>} */
  const cases = new Map();
  let values = 0;
  const total = checks.length * ROUNDS;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, check] of checks.entries()) {
      const result = await check();
      values += result.values;
      keepWorst(cases, judged(result, tolerance));
      subject.onProgress(round * checks.length + i + 1, total);
      // let a visitor's own picture in between
      await nextTurn();
    }
  }
  const all = [...cases.values()];
  const agreeing = all.filter((c) => c.fault === null).length;
  const worst = all.reduce((a, c) => (c.error > a || Number.isNaN(c.error) ? c.error : a), 0);
  return {
    passed: agreeing === all.length && values > 0,
    engineAtFault: all.some((c) => c.fault !== null && !c.ofPicture),
    agreeing,
    total: all.length,
    values,
    worst,
    tolerance,
    why,
    rounds: ROUNDS,
    cases: all,
  };
}

/** Lets messages in that wait; a timer would take 4 ms each time. @returns {Promise<void>} */
function nextTurn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** @typedef {{name: string, error: number, values: number, fault?: string}} Measured */

/** @returns {Promise<(() => Promise<Measured>)[]>} */
async function inputChecks(/** @type {Subject} */ subject) {
  const { golden, input: contract, output } = subject.bundle.manifest;
  const inputs = await arrays(subject, golden.inputs);
  const expected = await arrays(subject, golden.outputs);
  const scales = expected.map((array) => scaleOf(array, output.scores));
  const count = inputs[0]?.shape[0] ?? 0;
  return Array.from({ length: count }, (_, i) => async () => {
    const slices = inputs.map((array) => slice(array, i));
    const outputs = contract
      ? await subject.runImage(/** @type {Uint8Array} */ (slices[0].data))
      : await subject.runTensors(slices);
    const wanted = expected.map((array) => slice(array, i));
    return compared(`golden input ${i + 1}`, outputs, wanted, scales);
  });
}

/** @returns {Promise<(() => Promise<Measured>)[]>} */
async function fileChecks(/** @type {Subject} */ subject) {
  const { golden, output } = subject.bundle.manifest;
  if (golden.files.length === 0) return [];
  if (!golden.file_images || !golden.file_outputs) {
    throw new Error("expected images and outputs of the golden files, got none; convert again");
  }
  const [images, expected] = await arrays(subject, [golden.file_images, golden.file_outputs]);
  const scale = scaleOf(expected, output.scores);
  return golden.files.map(({ file, description }, i) => async () => {
    const name = `${file.path.slice(file.path.lastIndexOf("/") + 1)} (${description})`;
    const image = await subject.imageFromFile(await subject.bundle.read(file));
    const wanted = slice(images, i).data;
    const outputs = await subject.runImage(image);
    const measured = compared(name, outputs.slice(0, 1), [slice(expected, i)], [scale]);
    const difference = differenceOf(image, wanted);
    if (difference === null) return measured;
    return { ...measured, fault: `${difference}: this browser decodes the file differently` };
  });
}

/** @returns {string | null} */
function differenceOf(/** @type {Uint8Array} */ image, /** @type {ArrayLike<number>} */ wanted) {
  if (image.length !== wanted.length) {
    return `the image has ${image.length} values, expected ${wanted.length}`;
  }
  const at = image.findIndex((value, i) => value !== wanted[i]);
  return at < 0 ? null : `value ${at} of the image is ${image[at]}, expected ${wanted[at]}`;
}

/**
 * The worst error over all outputs, relative to each output's scale. Names and shapes are the
 * engine's to guarantee.
 * @param {string} name
 * @param {NamedTensor[]} outputs
 * @param {Tensor[]} expected
 * @param {number[]} scales
 * @returns {Measured}
 */
function compared(name, outputs, expected, scales) {
  if (outputs.length !== expected.length) {
    throw new Error(`${name}: expected ${expected.length} outputs, got ${outputs.length}`);
  }
  let error = 0;
  let values = 0;
  for (const [i, { data }] of outputs.entries()) {
    const wanted = expected[i].data;
    if (data.length !== wanted.length || data.length === 0) {
      throw new Error(`${name}: expected ${wanted.length} values, got ${data.length}`);
    }
    for (let k = 0; k < data.length; k++) {
      const here = Math.abs(data[k] - wanted[k]) / scales[i];
      // a comparison with NaN is false, so NaN must be caught by name
      if (Number.isNaN(here)) return { name, error: NaN, values };
      error = Math.max(error, here);
    }
    values += data.length;
  }
  return { name, error, values };
}

/**
 * The largest magnitude among an output's golden values. One sigmoid unit is measured against 1:
 * its complement is the other class's probability.
 */
function scaleOf(/** @type {Tensor} */ { shape, data }, /** @type {Scores} */ scores) {
  if (scores === "sigmoid") return 1;
  if (shape[0] === 0) throw new Error("expected golden outputs, got none; convert the model again");
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** @returns {Case} */
function judged(/** @type {Measured} */ { name, error, fault }, /** @type {number} */ tolerance) {
  if (fault) return { name, error, fault, ofPicture: true };
  const passed = error <= tolerance;
  return {
    name,
    error,
    fault: passed ? null : `error ${error.toExponential(1)} is over ${tolerance.toExponential(0)}`,
    ofPicture: false,
  };
}

/** A case failed if it failed in any round. */
function keepWorst(/** @type {Map<string, Case>} */ cases, /** @type {Case} */ found) {
  const before = cases.get(found.name);
  const isWorse =
    !before || (before.fault === null && (found.fault !== null || found.error > before.error));
  if (isWorse) cases.set(found.name, found);
}

/** @returns {Promise<Tensor[]>} */
async function arrays(/** @type {Subject} */ { bundle }, /** @type {FileEntry[]} */ entries) {
  return Promise.all(
    entries.map(async (entry) => arrayFromNpy(await bundle.read(entry), entry.path)),
  );
}

/** @returns {Tensor} */
function slice(/** @type {Tensor} */ { shape, data }, /** @type {number} */ i) {
  const rest = shape.slice(1);
  const size = rest.reduce((a, b) => a * b, 1);
  return { shape: [1, ...rest], data: data.slice(i * size, (i + 1) * size) };
}
