/** Looks for a faster engine while the visitor needs nothing, and says what it found. */

import { same } from "../auto/candidates.js";
import { Downloads } from "../auto/downloads.js";
import { remember, remembered, switchesByItself } from "../auto/memory.js";
import { fastest } from "../auto/search.js";
import { linkOf, unasked } from "../auto/unasked.js";
import { Stopped, WorkerClient } from "../client.js";
import { NetworkLost } from "../failures.js";
import { showFastest, showMeasuring, showNotMeasured } from "./fastest.js";
import { whenIdle } from "./idle.js";

/**
 * @typedef {import("../auto/downloads.js").Candidate} Candidate
 * @typedef {import("../auto/search.js").Figure} Figure
 * @typedef {import("../auto/memory.js").Found} Found
 *
 * @typedef {object} Wanted
 * @property {import("./offers.js").Offer} offer
 * @property {import("../auto/memory.js").Subject} subject
 * @property {WorkerClient} client what answers now
 * @property {Candidate} used
 * @property {Candidate[]} all
 */

// one block of timing: short, so that the visitor never waits behind it
const BLOCK = { n: 30, withinMs: 150 };

/**
 * @param {Wanted} wanted
 * @param {AbortSignal} signal
 * @param {(candidate: Candidate) => void} take changes to a candidate
 */
export async function lookForFaster(wanted, signal, take) {
  const { subject, used, all } = wanted;
  const { best, figures } = remembered(subject) ?? { best: used, figures: [] };
  // what was given up in this visit is no longer among all
  const isThere = all.some((one) => same(one, best));
  await goOn(wanted, signal, take, { figures, best: isThere ? best : used }, false);
}

/**
 * @param {Wanted} wanted
 * @param {AbortSignal} signal
 * @param {(candidate: Candidate) => void} take
 * @param {Found} found so far
 * @param {boolean} isAsked
 */
async function goOn(wanted, signal, take, found, isAsked) {
  const { subject, used, all } = wanted;
  try {
    // what the small ones take decides whether a large one is worth its bytes
    for (let others = []; (others = allowed(wanted, found, isAsked)).length > 0; ) {
      found = joined(found, used, await searched(wanted, signal, found, others));
      remember(subject, found);
    }
  } catch (error) {
    if (error instanceof Stopped || signal.aborted) return;
    showNotMeasured(error instanceof Error ? error.message : String(error));
    return;
  }
  if (switchesByItself() && !same(used, found.best)) {
    take(found.best);
    return;
  }
  const figures = found.figures.length > 0 ? found.figures : [unmeasured(used)];
  const figureOf = (/** @type {Candidate} */ candidate) =>
    figureIn(figures, candidate) ?? unmeasured(candidate);
  const left = all.filter((one) => !figureIn(figures, one));
  const again = (/** @type {boolean} */ asked) => void goOn(wanted, signal, take, found, asked);
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
  /** @type {Found} */ { best, figures },
  /** @type {boolean} */ isAsked,
) {
  const open = all.filter((one) => !same(one, used) && !figureIn(figures, one));
  const link = linkOf(/** @type {any} */ (navigator).connection);
  if (isAsked || (switchesByItself() && link !== "metered")) return open;
  const downloads = new Downloads(offer.variants);
  for (const one of [used, ...figures]) downloads.add(one);
  return unasked(open, downloads, { link, ms: figureIn(figures, best)?.ms ?? null });
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
  /** @type {Found} */ { best, figures },
  /** @type {Candidate[]} */ others,
) {
  return fastest({
    current: { candidate: used, time: () => timed(client) },
    best: { candidate: best, ratio: ratioIn(figures, best) / ratioIn(figures, used) },
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

/**
 * Figures of this search beside those of earlier ones, all as ratios to what answers now.
 * @returns {Found}
 */
function joined(
  /** @type {Found} */ { figures },
  /** @type {Candidate} */ used,
  /** @type {Found} */ found,
) {
  const scale = ratioIn(figures, used);
  const older = figures.map((one) => ({ ...one, ratio: one.ratio && one.ratio / scale }));
  // where no other could be measured, what answers now was not either
  const newer = found.figures.filter(({ ms, reason }) => ms !== null || reason !== null);
  const left = older.filter((one) => !figureIn(newer, one));
  const isKnown = [...newer, ...left].some((one) => same(one, used));
  return { best: found.best, figures: [...(isKnown ? [] : [unmeasured(used)]), ...newer, ...left] };
}

function figureIn(/** @type {Figure[]} */ figures, /** @type {Candidate} */ candidate) {
  return figures.find((figure) => same(figure, candidate));
}

function ratioIn(/** @type {Figure[]} */ figures, /** @type {Candidate} */ candidate) {
  return figureIn(figures, candidate)?.ratio ?? 1;
}

/** @returns {Figure} */
function unmeasured(/** @type {Candidate} */ candidate) {
  return { ...candidate, ms: null, ratio: null, passed: true, reason: null };
}
