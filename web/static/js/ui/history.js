/** What was answered on this visit: in memory only, the newest first, so many at most. */

import { best } from "../scores.js";
import { askForThumbnail } from "./ask.js";
import { byId } from "./dom.js";
import { Tile } from "./tile.js";

const MOST = 24;

const section = byId("history", HTMLElement);
const list = byId("history-list", HTMLElement);

/** @typedef {import("./answering.js").Picture} Picture */

/** @type {{key: object, tile: Tile}[]} */
let kept = [];
let onChoose = (/** @type {Picture} */ _picture) => {};

/** @param {(picture: Picture) => void} choose what to do with a picture that is chosen again */
export function setUpHistory(choose) {
  onChoose = choose;
  byId("history-clear", HTMLButtonElement).addEventListener("click", () => {
    kept = [];
    show();
    byId("tab-file", HTMLButtonElement).focus(); // the button is gone
  });
}

/**
 * Keeps a picture and its answer; one of the same key takes the place of the former.
 * @param {Picture} picture
 * @param {import("./results.js").Answer} answer
 * @param {import("./ask.js").Loaded} model
 */
export function remember(picture, { probabilities }, model) {
  const [first] = best(probabilities, 1);
  const tile = new Tile(picture.name, () => onChoose(picture));
  tile.showScore(model.bundle.manifest.labels[first], probabilities[first]);
  const key = picture.key ?? picture.blob;
  kept = [{ key, tile }, ...kept.filter((other) => other.key !== key)].slice(0, MOST);
  show();
  void tile.showThumbnail(askForThumbnail(picture.blob));
}

function show() {
  section.hidden = kept.length === 0;
  list.replaceChildren(...kept.map(({ tile }) => tile.item));
}
