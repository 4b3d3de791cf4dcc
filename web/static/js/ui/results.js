/** The answer: the winner, bars for the next ones, what the model saw, and the times. */

import { best } from "../scores.js";
import { byId, contextOf, element } from "./dom.js";
import { milliseconds, percent } from "./format.js";

const SHOWN = 5;

const card = byId("results", HTMLElement);
const announcement = byId("announcement", HTMLElement);
const empty = byId("empty", HTMLElement);
const error = byId("error", HTMLElement);
const answer = byId("answer", HTMLElement);
const seen = byId("seen", HTMLCanvasElement);

/**
 * @typedef {object} Answer
 * @property {Uint8Array} image what the model saw
 * @property {Float32Array} probabilities
 * @property {number} preparedMs
 * @property {number} modelMs
 */

export function showBusy() {
  card.setAttribute("aria-busy", "true");
}

/**
 * @param {Answer} found
 * @param {string[]} labels
 * @param {import("../types").InputContract} contract
 * @returns {string} the answer in words
 */
export function showAnswer({ image, probabilities, preparedMs, modelMs }, labels, contract) {
  const first = best(probabilities, SHOWN);
  const winner = labels[first[0]];
  const share = percent(probabilities[first[0]]);
  const heading = byId("winner-label", HTMLElement);
  heading.textContent = heading.title = winner;
  byId("winner-probability", HTMLElement).textContent = share;
  byId("bars", HTMLElement).replaceChildren(
    ...first.map((index) => bar(labels[index], probabilities[index])),
  );
  byId("model-ms", HTMLElement).textContent = milliseconds(modelMs);
  byId("prepare-ms", HTMLElement).textContent = milliseconds(preparedMs);
  paintSeen(image, contract);
  settle(answer);
  return `${winner}, ${share}`;
}

/** Tells screen readers. */
export function announce(/** @type {string} */ text) {
  announcement.textContent = text;
}

export function showError(/** @type {string} */ message) {
  announce("");
  error.textContent = message;
  settle(error);
}

export function showEmpty() {
  announce("");
  settle(empty);
}

/** Marks answers of an engine that failed the proof. */
export function setDoubt(/** @type {boolean} */ doubtful) {
  byId("doubt", HTMLElement).hidden = !doubtful;
}

function settle(/** @type {HTMLElement} */ shown) {
  for (const part of [empty, error, answer]) part.hidden = part !== shown;
  card.setAttribute("aria-busy", "false");
}

function bar(/** @type {string} */ label, /** @type {number} */ probability) {
  const fill = element("div", { class: "fill" });
  fill.style.setProperty("--share", String(Math.min(1, Math.max(0, probability))));
  return element(
    "li",
    {},
    element("span", { class: "label", dir: "auto", title: label }, label),
    element("span", { class: "percent" }, percent(probability)),
    element("div", { class: "track", "aria-hidden": "true" }, fill),
  );
}

/** The uint8 image, pixel by pixel. */
function paintSeen(
  /** @type {Uint8Array} */ image,
  /** @type {import("../types").InputContract} */ contract,
) {
  const { width, height } = contract;
  const channels = image.length / (width * height);
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++)
      picture.data[i * 4 + c] = image[i * channels + (channels === 1 ? 0 : c)];
    picture.data[i * 4 + 3] = 255;
  }
  seen.width = width;
  seen.height = height;
  contextOf(seen).putImageData(picture, 0, 0);
  byId("seen-size", HTMLElement).textContent =
    `${width} × ${height} ${contract.color === "gray" ? "gray" : "colour"}`;
}
