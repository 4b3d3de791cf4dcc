/**
 * The search for the fastest engine that is right. It is given everything that it uses, so that
 * tests can run it with made-up engines.
 */

import { same } from "./candidates.js";

/**
 * @typedef {import("./downloads.js").Candidate} Candidate
 *
 * @typedef {object} Contender a candidate in a worker of its own
 * @property {Promise<unknown>} ready resolves when its model is loaded
 * @property {() => Promise<number[]>} time milliseconds of single images
 * @property {() => Promise<{passed: boolean}>} prove
 * @property {() => void} close
 *
 * @typedef {object} Figure
 * @property {string} variant
 * @property {string} engine
 * @property {number | null} ms a single image; null where it could not be measured
 * @property {number | null} ratio that time over the current engine's, measured alternately
 * @property {boolean | null} passed whether it matches training; null: not checked, for it is slower
 * @property {string | null} reason why there is no time
 *
 * @typedef {object} Search
 * @property {{candidate: Candidate, time: () => Promise<number[]>}} current what answers now
 * @property {{candidate: Candidate, ratio: number}} best of what was measured before; the current one
 *   where nothing was
 * @property {Candidate[]} others
 * @property {(candidate: Candidate) => Contender} open
 * @property {() => Promise<void>} whenIdle resolves when the device has nothing to do for the visitor
 * @property {(error: unknown) => boolean} isFatal whether an error ends the search
 * @property {AbortSignal} signal ends it with its reason
 * @property {(candidate: Candidate) => void} onStep
 */

// alternating blocks of one engine and the other: the device's clock and load change in seconds
const PAIRS = 3;
// an engine that is this much slower in the first pair is not measured again
const HOPELESS = 1.5;
// less is within what two runs of one engine differ by, and not worth another start
export const FASTER = 1.05;
// a driver that hangs must not hold up the others
const PATIENCE_MS = 60_000;

/**
 * Measures the others against the current engine, one at a time, and checks those that are faster
 * than all before. What is slower is not checked: nobody is offered it, and a MobileNet's check in
 * plain JavaScript takes minutes.
 * @param {Search} search
 * @returns {Promise<{best: Candidate, figures: Figure[]}>} the current engine's figure comes first
 */
export async function fastest(search) {
  const { current, others, whenIdle, signal, onStep } = search;
  let { best } = search;
  /** @type {Figure[]} */
  const figures = [];
  /** @type {number[]} */
  const ownMs = [];
  for (const candidate of others.filter((other) => !same(other, current.candidate))) {
    await whenIdle();
    signal.throwIfAborted();
    onStep(candidate);
    try {
      const figure = await measured(search, candidate, best.ratio / FASTER, ownMs);
      figures.push(figure);
      if (figure.passed && figure.ratio !== null) best = { candidate, ratio: figure.ratio };
    } catch (error) {
      signal.throwIfAborted();
      if (search.isFatal(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      figures.push({ ...candidate, ms: null, ratio: null, passed: null, reason });
    }
  }
  const own = { ms: ownMs.length ? median(ownMs) : null, ratio: 1, passed: true, reason: null };
  return { best: best.candidate, figures: [{ ...current.candidate, ...own }, ...figures] };
}

/** @returns {Promise<Figure>} */
async function measured(
  /** @type {Search} */ { current, open, whenIdle, signal },
  /** @type {Candidate} */ candidate,
  /** @type {number} */ toBeat,
  /** @type {number[]} */ ownMs,
) {
  const contender = open(candidate);
  try {
    await inTime(contender.ready, signal);
    const ratios = [];
    const times = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      await whenIdle();
      const own = median(await inTime(current.time(), signal));
      const other = median(await inTime(contender.time(), signal));
      ownMs.push(own);
      times.push(other);
      ratios.push(other / own);
      if (ratios[0] > HOPELESS) break;
    }
    const ratio = median(ratios);
    const passed = ratio < toBeat ? (await inTime(contender.prove(), signal)).passed : null;
    return { ...candidate, ms: median(times), ratio, passed, reason: null };
  } finally {
    contender.close();
  }
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function inTime(work, signal) {
  return new Promise((resolve, reject) => {
    const give = () => reject(new Error(`took over ${PATIENCE_MS / 1000} s`));
    const timer = setTimeout(give, PATIENCE_MS);
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    });
  });
}

function median(/** @type {number[]} */ values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
