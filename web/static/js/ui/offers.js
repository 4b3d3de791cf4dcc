/** What is served, as the document itself says it. */

import { byId } from "./dom.js";

/**
 * @typedef {{name: string, version: string, title: string, task: string, labels: number,
 *   report: boolean, variants: {id: string, bytes: number}[]}} Offer a bundle
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
