/** “Why?”: what each part of the picture was worth, computed when asked. */

import { colorOf, heatPixels } from "../explain/colors.js";
import { inWords, points, strongest } from "../explain/words.js";
import { best } from "../scores.js";
import { byId, contextOf } from "./dom.js";

/**
 * @typedef {import("./results.js").Answer} Answer
 * @typedef {import("./ask.js").Loaded} Loaded
 */

const toggle = byId("why", HTMLButtonElement);
const panel = byId("why-panel", HTMLElement);
const busy = byId("why-busy", HTMLElement);
const progress = byId("why-progress", HTMLProgressElement);
const found = byId("why-found", HTMLElement);
const map = byId("why-map", HTMLCanvasElement);
const scale = byId("why-scale", HTMLCanvasElement);
const words = byId("why-words", HTMLElement);

const SCALE_STEPS = 65; // columns of the legend; odd, so that one is exactly nothing

/** @type {{answer: Answer, model: Loaded} | null} */
let offered = null;
/** @type {AbortController | null} */
let computing = null;
let isOn = false;

export function setUpWhy() {
  toggle.addEventListener("click", () => turn(!isOn));
  byId("why-cancel", HTMLButtonElement).addEventListener("click", () => {
    turn(false);
    toggle.focus(); // the button is gone
  });
  paintScale();
}

/** There is an answer to explain; where “Why?” is on it is explained at once. */
export function offerWhy(/** @type {Answer} */ answer, /** @type {Loaded} */ model) {
  offered = { answer, model };
  toggle.disabled = false;
  turn(isOn);
}

/** There is nothing to explain: no answer, or one that changes all the time. */
export function noWhy() {
  offered = null;
  toggle.disabled = true;
  computing?.abort();
  panel.hidden = true;
}

function turn(/** @type {boolean} */ on) {
  isOn = on;
  toggle.setAttribute("aria-expanded", String(on));
  panel.hidden = !on;
  computing?.abort();
  if (on && offered) void explain(offered);
}

async function explain(/** @type {{answer: Answer, model: Loaded}} */ { answer, model }) {
  const mine = new AbortController();
  computing = mine;
  const [label] = best(answer.probabilities, 1);
  const { labels, input } = model.bundle.manifest;
  if (!input) throw new Error("expected a model of pictures, got one that takes none");
  progress.value = 0;
  busy.hidden = false;
  found.hidden = true;
  words.textContent = "Covering one part of the picture after another …";
  try {
    const result = await model.client.call(
      "explain",
      { image: answer.image, label },
      { signal: mine.signal, onProgress: ({ done, total }) => (progress.value = done / total) },
    );
    const full = strongest(result.heat);
    map.width = input.width;
    map.height = input.height;
    const pixels = heatPixels(answer.image, result.heat, full);
    contextOf(map).putImageData(new ImageData(pixels, input.width, input.height), 0, 0);
    const text = inWords(result, labels[label], input);
    map.setAttribute("aria-label", `What the model sees, coloured. ${text}`);
    byId("why-lower", HTMLElement).textContent = `lowers it by\n${points(full)}`;
    byId("why-higher", HTMLElement).textContent = `raises it by\n${points(full)}`;
    found.hidden = false;
    words.textContent = text;
  } catch (error) {
    if (mine.signal.aborted) return;
    words.textContent = `Could not be explained: ${error instanceof Error ? error.message : error}`;
  }
  busy.hidden = true;
}

/** The legend: from what raises the probability most to what lowers it most. */
function paintScale() {
  const strip = new ImageData(SCALE_STEPS, 1);
  for (let i = 0; i < SCALE_STEPS; i++) {
    const heat = (2 * i) / (SCALE_STEPS - 1) - 1;
    strip.data.set([...colorOf(0.5, heat), 255], i * 4);
  }
  scale.width = SCALE_STEPS;
  scale.height = 1;
  contextOf(scale).putImageData(strip, 0, 0);
}
