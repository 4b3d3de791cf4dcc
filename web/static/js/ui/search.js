/** Looks for a faster engine while the visitor needs nothing, and says what it found. */

import { same } from "../auto/candidates.js";
import { Downloads } from "../auto/downloads.js";
import { remember, remembered, switchesByItself } from "../auto/memory.js";
import { fastest } from "../auto/search.js";
import { Stopped, WorkerClient } from "../client.js";
import { NetworkLost } from "../failures.js";
import { showFastest, showMeasuring, showNotMeasured } from "./fastest.js";
import { isMetered, whenIdle } from "./idle.js";

/**
 * @typedef {import("../auto/downloads.js").Candidate} Candidate
 * @typedef {import("../auto/search.js").Figure} Figure
 *
 * @typedef {object} Wanted
 * @property {import("./offers.js").Offer} offer
 * @property {import("../auto/memory.js").Subject} subject
 * @property {WorkerClient} client what answers now
 * @property {Candidate} used
 * @property {Candidate[]} all
 */

// what an engine may cost that is measured unasked: every one of TensorFlow.js (0.1 to 0.2 MB) is
// below it, LiteRT.js (2.3 MB, and the model once more) above
const UNASKED_BYTES = 1_000_000;
// one block of timing: short, so that the visitor never waits behind it
const BLOCK = { n: 30, withinMs: 150 };

/**
 * @param {Wanted} wanted
 * @param {AbortSignal} signal
 * @param {(candidate: Candidate) => void} take changes to a candidate
 */
export async function lookForFaster(wanted, signal, take) {
  const { subject, used } = wanted;
  const memory = remembered(subject);
  const known = memory?.figures ?? [];
  const best = memory?.best ?? used;
  await goOn(wanted, signal, take, { known, best, isAsked: false });
}

/**
 * @param {Wanted} wanted
 * @param {AbortSignal} signal
 * @param {(candidate: Candidate) => void} take
 * @param {{known: Figure[], best: Candidate, isAsked: boolean}} state
 */
async function goOn(wanted, signal, take, { known, best, isAsked }) {
  const { subject, used, all } = wanted;
  const others = allowed(wanted, known, isAsked);
  let found = { best, figures: known };
  if (others.length > 0) {
    try {
      found = joined(known, best, used, await searched(wanted, signal, others));
    } catch (error) {
      if (error instanceof Stopped || signal.aborted) return;
      showNotMeasured(error instanceof Error ? error.message : String(error));
      return;
    }
    remember(subject, found);
  }
  if (switchesByItself() && !same(used, found.best)) {
    take(found.best);
    return;
  }
  const figures = found.figures.length > 0 ? found.figures : [unmeasured(used)];
  const figureOf = (/** @type {Candidate} */ candidate) =>
    figures.find((figure) => same(figure, candidate)) ?? unmeasured(candidate);
  const left = all.filter((one) => !figures.some((figure) => same(figure, one)));
  const again = (/** @type {boolean} */ asked) =>
    void goOn(wanted, signal, take, { known: found.figures, best: found.best, isAsked: asked });
  showFastest(
    {
      figures,
      used: figureOf(used),
      best: figureOf(found.best),
      unmeasured: left.length > 0 ? bytesOf(wanted, figures, left) : 0,
    },
    {
      use: () => take(found.best),
      measure: () => again(true),
      onSwitches: () => again(false),
    },
  );
}

/** What may be measured now, the smallest download first. */
function allowed(
  /** @type {Wanted} */ { offer, used, all },
  /** @type {Figure[]} */ known,
  /** @type {boolean} */ isAsked,
) {
  const open = all.filter((one) => !same(one, used) && !known.some((f) => same(f, one)));
  if (isAsked) return open;
  if (isMetered()) return [];
  if (switchesByItself()) return open;
  const downloads = new Downloads(offer.variants);
  for (const one of [used, ...known]) downloads.add(one);
  return open.filter((one) => {
    if (downloads.missing(one) > UNASKED_BYTES) return false;
    downloads.add(one);
    return true;
  });
}

function bytesOf(
  /** @type {Wanted} */ { offer, used },
  /** @type {Candidate[]} */ have,
  /** @type {Candidate[]} */ left,
) {
  const downloads = new Downloads(offer.variants);
  for (const one of [used, ...have]) downloads.add(one);
  let bytes = 0;
  for (const one of left) {
    bytes += downloads.missing(one);
    downloads.add(one);
  }
  return bytes;
}

function searched(
  /** @type {Wanted} */ { offer, client, used },
  /** @type {AbortSignal} */ signal,
  /** @type {Candidate[]} */ others,
) {
  return fastest({
    current: { candidate: used, time: () => timed(client) },
    others,
    open: (candidate) => {
      const own = new WorkerClient();
      return {
        ready: own.call("load", { ...candidate, bundle: offer }),
        time: () => timed(own),
        prove: () => own.call("prove"),
        close: () => own.close(),
      };
    },
    whenIdle: () => whenIdle(client, signal),
    isFatal: (error) => error instanceof NetworkLost,
    signal,
    onStep: showMeasuring,
  });
}

/** @returns {Promise<number[]>} */
async function timed(/** @type {WorkerClient} */ client) {
  const { ms } = await client.call("latency", BLOCK, { isBackground: true });
  return ms;
}

/** Figures of this search beside those of an earlier one, whose best was what answered now. */
function joined(
  /** @type {Figure[]} */ known,
  /** @type {Candidate} */ best,
  /** @type {Candidate} */ used,
  /** @type {{best: Candidate, figures: Figure[]}} */ found,
) {
  const older = known.filter((figure) => !found.figures.some((f) => same(f, figure)));
  const isBetter = !same(found.best, used) || same(best, used);
  return { best: isBetter ? found.best : best, figures: [...found.figures, ...older] };
}

/** @returns {Figure} */
function unmeasured(/** @type {Candidate} */ candidate) {
  return { ...candidate, ms: null, ratio: null, passed: true, reason: null };
}
