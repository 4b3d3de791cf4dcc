/**
 * When the next frame of a live camera may go to the model: one at a time, none is queued, and the
 * worker rests a part of the time, so that a slow device gets fewer frames and not a late answer.
 */

const MOST_PER_SECOND = 30;
const BUSY_SHARE = 0.75; // a phone that computes all the time gets hot, and then slow
const WEIGHT = 0.2; // of the newest frame in the mean cost
const WINDOW_MS = 2000; // over which frames per second are counted

export class Pace {
  #inFlight = false;
  #began = 0;
  #next = 0;
  #cost = 0;
  /** @type {number[]} */
  #ends = [];

  /** Whether a frame of this moment (ms) may be taken. */
  wants(/** @type {number} */ now) {
    return !this.#inFlight && now >= this.#next;
  }

  begin(/** @type {number} */ now) {
    if (this.#inFlight) throw new Error("expected no frame in flight, got one; wait for its end");
    this.#inFlight = true;
    this.#began = now;
  }

  /** The frame's answer is there, or its failure. */
  end(/** @type {number} */ now) {
    this.#inFlight = false;
    const cost = now - this.#began;
    this.#cost = this.#ends.length === 0 ? cost : this.#cost + WEIGHT * (cost - this.#cost);
    // half a frame of a 60 Hz screen early, or 30 a second would become 20 on it
    const least = 1000 / MOST_PER_SECOND - 8;
    this.#next = this.#began + Math.max(least, cost, this.#cost / BUSY_SHARE);
    this.#ends.push(now);
    while (this.#ends[0] < now - WINDOW_MS) this.#ends.shift();
  }

  /** Frames answered per second, over the last two; null before there are two frames. */
  perSecond(/** @type {number} */ now) {
    const ends = this.#ends.filter((end) => end >= now - WINDOW_MS);
    if (ends.length < 2) return null;
    return ((ends.length - 1) * 1000) / (ends[ends.length - 1] - ends[0]);
  }
}
