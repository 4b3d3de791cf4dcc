/** Outputs are floats, whatever an engine has them as. */

/**
 * @param {import("../types").TensorData} data the reader's own: engines copy it out of their memory
 * @returns {Float32Array} the very array where it is one
 */
export function float32(data) {
  return data instanceof Float32Array ? data : new Float32Array(data);
}
