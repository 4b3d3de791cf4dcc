/**
 * What the search found, for the next visit, and whether the page switches by itself. A figure
 * belongs to one version of the bundle, of the page and of the browser, and is forgotten with it.
 */

import { SITE } from "../site.js";

/**
 * @typedef {import("./downloads.js").Candidate} Candidate
 * @typedef {import("./search.js").Figure} Figure
 * @typedef {{best: Candidate, figures: Figure[]}} Found
 * @typedef {{bundle: {name: string, version: string}, variant: string}} Subject `variant` is the
 *   choice, which may be `auto`
 */

const PAGE = import.meta.url.match(/\/static\/([^/]+)\//)?.[1] ?? "";
const SWITCHES = "edgeproof.switches-by-itself";

/** Where the browser blocks storage, it lasts for this visit. @type {Map<string, string>} */
const visit = new Map();

/** @returns {Found | null} */
export function remembered(/** @type {Subject} */ subject) {
  const { made, best, figures } = parsed(read(keyOf(subject)) ?? "{}");
  return made === madeOn(subject) && Array.isArray(figures) ? { best, figures } : null;
}

export function remember(/** @type {Subject} */ subject, /** @type {Found} */ { best, figures }) {
  write(keyOf(subject), JSON.stringify({ made: madeOn(subject), best, figures }));
}

export function forget(/** @type {Subject} */ subject) {
  write(keyOf(subject), null);
}

export function switchesByItself() {
  return read(SWITCHES) === "yes";
}

/** @returns {boolean} whether it will be known at the next visit */
export function setSwitchesByItself(/** @type {boolean} */ wanted) {
  return write(SWITCHES, wanted ? "yes" : null);
}

function keyOf(/** @type {Subject} */ { bundle, variant }) {
  return `edgeproof.fastest ${SITE.pathname} ${bundle.name} ${variant}`;
}

function madeOn(/** @type {Subject} */ { bundle }) {
  return `${bundle.version} ${PAGE} ${navigator.userAgent}`;
}

/** An extension or a person may have written something else there: that is no memory. */
function parsed(/** @type {string} */ text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** @returns {string | null} */
function read(/** @type {string} */ key) {
  const here = visit.get(key);
  return here ?? storage()?.getItem(key) ?? null;
}

/** @returns {boolean} whether it was stored */
function write(/** @type {string} */ key, /** @type {string | null} */ value) {
  if (value === null) visit.delete(key);
  else visit.set(key, value);
  try {
    const kept = storage();
    if (value === null) kept?.removeItem(key);
    else kept?.setItem(key, value);
    return kept !== null;
  } catch {
    return false; // full
  }
}

/** null where the browser blocks it: reading the property throws there. */
function storage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
