/**
 * Occlusion sensitivity (Zeiler and Fergus, 2014): part of the model's image is covered with the
 * image's mean colour, and what that takes from a label's probability is what the part was worth.
 * It asks the model nothing but answers, so it is the same on every engine.
 *
 * @typedef {import("../types").InputContract} InputContract
 *
 * @typedef {object} OcclusionMap
 * @property {number} probability of the label for the image as it is
 * @property {{width: number, height: number}} patch what is covered at a time, in pixels
 * @property {number[]} lefts first columns of the patches, left to right
 * @property {number[]} tops first rows of the patches, top to bottom
 * @property {Float32Array} drops tops x lefts: by how much covering that patch lowers the
 *   probability; negative where it raises it
 * @property {Float32Array} heat height x width: the mean drop of the patches over each pixel
 */

const PATCHES_ACROSS = 5; // a patch is a fifth of the side: large enough to hide a feature
const AT_ONCE = 8; // images of a call: what is between two looks at `signal`

/**
 * Where patches lie along one side: half a patch apart, the last one at the very end.
 * @param {number} side in pixels
 */
export function patchStarts(side) {
  const length = Math.max(1, Math.floor((side + 2) / PATCHES_ACROSS));
  const step = Math.max(1, length >> 1);
  const starts = [];
  for (let start = 0; start < side - length; start += step) starts.push(start);
  return { length, starts: [...starts, side - length] };
}

/** The mean of each channel, halves rounded up. */
export function meanColor(/** @type {Uint8Array} */ image, /** @type {number} */ channels) {
  const sums = new Array(channels).fill(0);
  for (let i = 0; i < image.length; i++) sums[i % channels] += image[i];
  const count = image.length / channels;
  return sums.map((sum) => Math.floor((2 * sum + count) / (2 * count)));
}

/**
 * @param {object} question
 * @param {Uint8Array} question.image height x width x channels
 * @param {{width: number, height: number}} question.contract
 * @param {(images: Uint8Array, count: number) => Promise<number[]>} question.probabilityOf the
 *   label's probability for each of so many images, one after the other in `images`
 * @param {(done: number, total: number) => void} question.onProgress
 * @param {AbortSignal} question.signal
 * @returns {Promise<OcclusionMap>}
 */
export async function occlusionMap({ image, contract, probabilityOf, onProgress, signal }) {
  const { width, height } = contract;
  const { length: patchWidth, starts: lefts } = patchStarts(width);
  const { length: patchHeight, starts: tops } = patchStarts(height);
  const patch = { width: patchWidth, height: patchHeight };
  const channels = image.length / (width * height);
  const color = meanColor(image, channels);
  const places = tops.flatMap((top) => lefts.map((left) => ({ left, top })));
  const [probability] = await probabilityOf(image, 1);
  const drops = new Float32Array(places.length);
  for (let at = 0; at < places.length; at += AT_ONCE) {
    onProgress(at, places.length);
    // a turn for the messages that came meanwhile: to stop is one of them
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    const here = places.slice(at, at + AT_ONCE);
    const covered = new Uint8Array(here.length * image.length);
    here.forEach(({ left, top }, i) => {
      const copy = covered.subarray(i * image.length, (i + 1) * image.length);
      copy.set(image);
      cover(copy, { left, top, ...patch }, width, color);
    });
    const found = await probabilityOf(covered, here.length);
    found.forEach((p, i) => (drops[at + i] = probability - p));
  }
  const heat = spread(drops, places, patch, contract);
  return { probability, patch, lefts, tops, drops, heat };
}

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

function cover(
  /** @type {Uint8Array} */ image,
  /** @type {Box} */ box,
  /** @type {number} */ width,
  /** @type {number[]} */ color,
) {
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) {
      image.set(color, (y * width + x) * color.length);
    }
  }
}

/** The mean of what covers each pixel. */
function spread(
  /** @type {Float32Array} */ drops,
  /** @type {{left: number, top: number}[]} */ places,
  /** @type {{width: number, height: number}} */ patch,
  /** @type {{width: number, height: number}} */ { width, height },
) {
  const heat = new Float32Array(width * height);
  const covers = new Uint16Array(width * height);
  places.forEach(({ left, top }, i) => {
    for (let y = top; y < top + patch.height; y++) {
      for (let x = left; x < left + patch.width; x++) {
        heat[y * width + x] += drops[i];
        covers[y * width + x]++;
      }
    }
  });
  return heat.map((sum, i) => sum / covers[i]);
}
