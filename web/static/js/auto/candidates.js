/** Which engines and variants a choice leaves open. */

import { enginesFor, needsLayers } from "../engines/index.js";
import { ENGINE_FILES } from "./downloads.js";

export const AUTO = "auto";

/**
 * @typedef {import("./downloads.js").Candidate} Candidate
 * @typedef {{variant: string, engine: string}} Chosen either may be `auto`
 */

/**
 * The candidates in the order in which they are tried. An automatic variant never changes the
 * precision: those of the first one's precision are meant, and the first is what verification found
 * fit for visitors (web/offers.py). A layers model is the same arithmetic for 50 KB more and is run
 * only where it is asked for.
 * @param {string[]} variants ids of what is offered
 * @param {Chosen} chosen
 * @returns {Candidate[]}
 */
export function candidates(variants, { variant, engine }) {
  const precision = automaticPrecision(variants);
  const open =
    variant === AUTO
      ? variants.filter((id) => precisionOf(id) === precision && !needsLayers(id))
      : [variant];
  const all = open.flatMap((id) => enginesFor(id).map((name) => ({ variant: id, engine: name })));
  const order = Object.keys(ENGINE_FILES);
  return all
    .filter((c) => (engine === AUTO ? order.includes(c.engine) : c.engine === engine))
    .sort((a, b) => order.indexOf(a.engine) - order.indexOf(b.engine));
}

/** That of the first variant. */
export function automaticPrecision(/** @type {string[]} */ variants) {
  return precisionOf(variants.find((id) => !needsLayers(id)) ?? variants[0]);
}

/** @returns {boolean} */
export function same(/** @type {Candidate} */ a, /** @type {Candidate | null | undefined} */ b) {
  return a.variant === b?.variant && a.engine === b.engine;
}

/** Those that are left, with `first` in front where it is one of them. */
export function startingWith(
  /** @type {Candidate[]} */ all,
  /** @type {Candidate | null} */ first,
) {
  const found = all.find((candidate) => same(candidate, first));
  return found ? [found, ...all.filter((candidate) => candidate !== found)] : all;
}

function precisionOf(/** @type {string} */ variantId) {
  return variantId.slice(variantId.indexOf("-") + 1);
}
