/**
 * How far a variant may be from the Keras model on the visitor's device, with the reason for each.
 * Errors are relative to the largest golden value of the output: with 1,000 classes a probability
 * may be 0.002 at most, and an absolute limit would let anything pass.
 */

/** @typedef {{error: number, why: string}} Tolerance */

/** @type {Record<string, Tolerance>} */
const TOLERANCES = {
  float32: {
    error: 1e-4,
    why: "the same float32 arithmetic in another order: some units of 2⁻²⁴ for each layer",
  },
  float16: {
    error: 2e-2,
    why: "weights keep 11 bits, a relative step of 2⁻¹¹ each, which the layers add up",
  },
  int8: {
    error: 0.25,
    why: "weights and activations keep 256 steps; probabilities near a tie move most",
  },
  uint8: {
    error: 0.25,
    why: "weights keep 256 steps of their tensor's range; probabilities near a tie move most",
  },
};

/** @returns {Tolerance} */
export function toleranceOf(/** @type {string} */ variantId) {
  const precision = variantId.slice(variantId.lastIndexOf("-") + 1);
  const tolerance = TOLERANCES[precision];
  if (!tolerance) {
    const known = Object.keys(TOLERANCES).join(", ");
    throw new Error(`expected a precision with a tolerance (${known}), got ${precision}`);
  }
  return tolerance;
}
