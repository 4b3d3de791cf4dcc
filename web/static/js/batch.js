/**
 * From the model's uint8 images to its float32 input. Each step is rounded to float32, as NumPy
 * does it in `edge/image.py`.
 */

import { channelsOf } from "./image.js";

/**
 * @param {Uint8Array} images N x height x width x channels
 * @param {import("./types").InputContract} contract
 * @returns {Float32Array}
 */
export function batchFromImages(images, contract) {
  const channels = channelsOf(contract);
  const batch = new Float32Array(images.length);
  for (let c = 0; c < channels; c++) {
    const scale = Math.fround(contract.scale[contract.scale.length === 1 ? 0 : c]);
    const offset = Math.fround(contract.offset[contract.offset.length === 1 ? 0 : c]);
    // 256 possible inputs: the arithmetic is done once for each
    const table = Float32Array.from({ length: 256 }, (_, v) => Math.fround(v * scale) + offset);
    for (let i = c; i < images.length; i += channels) batch[i] = table[images[i]];
  }
  return batch;
}
