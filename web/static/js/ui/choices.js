/** The three choices: bundle, variant, engine. They stand in the address too, to be shared. */

import { AUTO, automaticPrecision, candidates } from "../auto/candidates.js";
import { byId, element } from "./dom.js";
import { kilobytes } from "./format.js";

/**
 * @typedef {import("./offers.js").Offer} Offer
 * @typedef {import("../auto/downloads.js").Candidate} Candidate
 * @typedef {{bundle: string, variant: string, engine: string}} Choice variant and engine may be `auto`
 */

/** @type {Record<string, string>} */
const ENGINE_TITLES = {
  "tfjs-wasm": "WebAssembly",
  "tfjs-wasm-threads": "WebAssembly, several threads",
  "tfjs-webgl": "WebGL (graphics card)",
  "tfjs-webgpu": "WebGPU (graphics card)",
  "tfjs-cpu": "Plain JavaScript",
  "litertjs-wasm": "LiteRT in WebAssembly",
  "litertjs-webgpu": "LiteRT on WebGPU",
};

const bundle = byId("bundle", HTMLSelectElement);
const variant = byId("variant", HTMLSelectElement);
const engine = byId("engine", HTMLSelectElement);

export function engineTitle(/** @type {string} */ name) {
  return ENGINE_TITLES[name] ?? name;
}

/**
 * Fills the choices from what is served and from the address.
 * @param {Offer[]} offers
 * @param {() => void} onChange
 */
export function setUpChoices(offers, onChange) {
  const asked = new URLSearchParams(location.search);
  fill(
    bundle,
    offers.map((o) => [o.name, o.title]),
    asked.get("bundle"),
  );
  byId("bundle-field", HTMLElement).hidden = offers.length < 2;
  fillVariants(offers, asked.get("variant"));
  fillEngines(offers, asked.get("engine"));
  bundle.addEventListener("change", () => {
    fillVariants(offers, variant.value);
    fillEngines(offers, engine.value);
    onChange();
  });
  variant.addEventListener("change", () => {
    fillEngines(offers, engine.value);
    onChange();
  });
  engine.addEventListener("change", onChange);
}

/** @returns {Choice} */
export function choice() {
  return { bundle: bundle.value, variant: variant.value, engine: engine.value };
}

/** Leaves the engine to the page again. */
export function chooseAutomatically() {
  engine.value = AUTO;
  engine.dispatchEvent(new Event("change"));
}

/** Writes the choice into the address, without a new entry in the history. */
export function rememberChoice() {
  const made = Object.entries(choice()).filter(([, value]) => value !== AUTO);
  history.replaceState(null, "", `?${new URLSearchParams(made)}`);
}

/** Says what the automatic choices stand for now. */
export function showAutomatic(/** @type {Candidate} */ used) {
  titleAutomatic(variant, used.variant);
  titleAutomatic(engine, engineTitle(used.engine));
}

function titleAutomatic(/** @type {HTMLSelectElement} */ select, /** @type {string} */ meaning) {
  const option = select.querySelector(`option[value=${AUTO}]`);
  if (option) option.textContent = select.value === AUTO ? `Auto: ${meaning}` : "Auto";
}

function fillVariants(/** @type {Offer[]} */ offers, /** @type {string | null} */ wanted) {
  const offer = offers.find((o) => o.name === bundle.value);
  const options = offer?.variants.map((v) => [v.id, `${v.id} · ${kilobytes(v.bytes)}`]) ?? [];
  const precision = automaticPrecision(options.map(([id]) => id));
  fill(variant, [[AUTO, `Auto: ${precision}`], ...options], wanted);
}

/** The engines that run the chosen variant; half precision is for verification only. */
function fillEngines(/** @type {Offer[]} */ offers, /** @type {string | null} */ wanted) {
  const ids = offers.find((o) => o.name === bundle.value)?.variants.map((v) => v.id) ?? [];
  const open = candidates(ids, { variant: variant.value, engine: AUTO });
  const names = [...new Set(open.map((candidate) => candidate.engine))];
  fill(engine, [[AUTO, "Auto"], ...names.map((name) => [name, engineTitle(name)])], wanted);
}

/** Options of value and text; `wanted` is chosen if it is one of them, else the first. */
function fill(
  /** @type {HTMLSelectElement} */ select,
  /** @type {string[][]} */ options,
  /** @type {string | null} */ wanted,
) {
  select.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
  if (options.some(([value]) => value === wanted)) select.value = wanted ?? "";
}
