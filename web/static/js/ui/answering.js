/** The picture on the stage and its answer. The card belongs to the latest picture. */

import { Stopped } from "../client.js";
import { messageOf } from "../failures.js";
import { Steady } from "../live/steady.js";
import { askAbout, askAboutFrame } from "./ask.js";
import { remember } from "./history.js";
import { announce, showAnswer, showBusy, showEmpty, showError } from "./results.js";
import { noWhy, offerWhy } from "./why.js";

/**
 * @typedef {object} Picture
 * @property {Blob} blob encoded
 * @property {string} name for people
 * @property {object} [key] what it is a picture of; a drawing that grows keeps its key
 */

/** What is on the stage, to be answered again when the choice changes. @type {Picture | null} */
let picture = null;
let latest = 0; // answers that were overtaken by another picture are dropped
let steady = new Steady();

/**
 * Answers a picture. Errors are shown, not thrown.
 * @param {Picture} wanted
 * @param {{byVisitor?: boolean}} [options] what the page shows of its own accord is not remembered
 */
export async function answer(wanted, { byVisitor = true } = {}) {
  picture = wanted;
  const mine = ++latest;
  showBusy();
  try {
    const { answer: found, model } = await askAbout(wanted.blob);
    if (mine !== latest) return;
    const { labels, input } = model.bundle.manifest;
    announce(showAnswer(found, labels, /** @type {any} */ (input)));
    offerWhy(found, model);
    if (byVisitor) remember(wanted, found, model);
  } catch (error) {
    if (mine === latest) showFault(error);
  }
}

/** Answers the picture on the stage once more; false where there is none. */
export async function answerAgain() {
  if (picture) await answer(picture, { byVisitor: false });
  return picture !== null;
}

/** The stage is empty. */
export function clearAnswer() {
  picture = null;
  latest++;
  noWhy();
  showEmpty();
}

/** A live camera begins: nothing was said of it yet. */
export function beginLive() {
  picture = null;
  steady = new Steady();
  noWhy();
}

/**
 * Answers a frame of a live camera; a screen reader hears only what stays.
 * @param {VideoFrame | ImageBitmap} frame
 * @returns {Promise<boolean>} false where there was a fault: it is shown
 */
export async function answerFrame(frame) {
  const mine = ++latest;
  try {
    const { answer: found, model } = await askAboutFrame(frame);
    if (mine !== latest) return true;
    const { labels, input } = model.bundle.manifest;
    showAnswer(found, labels, /** @type {any} */ (input));
    const told = steady.next(found.probabilities, performance.now());
    if (told !== null) announce(labels[told]);
    return true;
  } catch (error) {
    // with another choice the next frame goes to another model
    if (mine !== latest || error instanceof Stopped) return true;
    showFault(error);
    return false;
  }
}

/** Says why there is no answer. */
export function showFault(/** @type {unknown} */ error) {
  if (error instanceof Stopped) return;
  noWhy();
  showError(messageOf(error));
}
