/** What is served, as the document itself says it. */

import { byId } from "./dom.js";

/**
 * @typedef {{value: number, low: number, high: number, n: number}} Shares right answers, 0 to 1
 * @typedef {Shares & {runtime: string}} Accuracy
 * @typedef {{id: string, bytes: number, accuracy: Accuracy | null}} OfferedVariant
 * @typedef {"passed" | "failed" | "outdated" | "unreadable" | "none"} VerdictState
 * @typedef {object} Offer a bundle, as web/offers.py describes it
 * @property {string} name in addresses
 * @property {string} version
 * @property {string} title
 * @property {string} task
 * @property {number} labels how many there are
 * @property {string[]} first_labels some of them
 * @property {{width: number, height: number, color: string} | null} input null: takes no pictures
 * @property {string | null} example path of a golden picture
 * @property {OfferedVariant[]} variants
 * @property {Shares | null} trained of the Keras model, on its whole test set
 * @property {string | null} notice what must be said wherever the model is shown
 * @property {string | null} card path of its model card
 * @property {{state: VerdictState, images: string | null}} verdict
 * @property {boolean} report whether there is a report.html
 */

/** @returns {Offer[]} */
export function offered() {
  return JSON.parse(byId("offers", HTMLScriptElement).text);
}

/**
 * The offer of that name.
 * @param {string} name
 * @throws where there is none
 */
export function offerOf(name) {
  const offers = offered();
  const found = offers.find((offer) => offer.name === name);
  if (found) return found;
  const names = offers.map((offer) => offer.name).join(", ");
  throw new Error(`expected one of the served bundles (${names}), got ${name}`);
}
