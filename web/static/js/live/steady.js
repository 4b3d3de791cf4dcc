/**
 * What a screen reader is told of a live camera: a label that stayed ahead for a while, and then
 * nothing until another one does. A new answer 30 times a second would talk without end.
 */

const TIME_CONSTANT_MS = 600; // of the running mean
const LEAD_MS = 1000; // so long a label must be ahead
const LEAST_PROBABILITY = 0.5; // below that nothing is recognised

export class Steady {
  /** @type {Float32Array | null} */
  #mean = null;
  #before = 0;
  #leader = -1;
  #since = 0;
  #told = -1;

  /**
   * @param {Float32Array} probabilities of this frame
   * @param {number} now in ms
   * @returns {number | null} the label to announce, or null
   */
  next(probabilities, now) {
    const share = this.#mean ? 1 - Math.exp(-(now - this.#before) / TIME_CONSTANT_MS) : 1;
    this.#before = now;
    this.#mean ??= new Float32Array(probabilities.length);
    let leader = 0;
    for (let i = 0; i < probabilities.length; i++) {
      this.#mean[i] += share * (probabilities[i] - this.#mean[i]);
      if (this.#mean[i] > this.#mean[leader]) leader = i;
    }
    if (leader !== this.#leader) {
      this.#leader = leader;
      this.#since = now;
    }
    const isSteady = now - this.#since >= LEAD_MS && this.#mean[leader] >= LEAST_PROBABILITY;
    if (!isSteady || leader === this.#told) return null;
    this.#told = leader;
    return leader;
  }
}
