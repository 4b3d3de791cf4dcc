/** The engines that can run a browser variant, by runtime name. */

import { litertEngine } from "./litert.js";
import { tfjsEngine } from "./tfjs.js";

/**
 * @typedef {import("../types").Engine} Engine
 * @type {Record<string, (needs: {layers: boolean}) => Promise<Engine>>}
 */
const ENGINES = {
  "tfjs-wasm": (needs) => tfjsEngine("tfjs-wasm", needs),
  "tfjs-wasm-threads": (needs) => tfjsEngine("tfjs-wasm-threads", needs),
  "tfjs-webgl": (needs) => tfjsEngine("tfjs-webgl", needs),
  "tfjs-webgl-f16": (needs) => tfjsEngine("tfjs-webgl-f16", needs),
  "tfjs-webgpu": (needs) => tfjsEngine("tfjs-webgpu", needs),
  "tfjs-cpu": (needs) => tfjsEngine("tfjs-cpu", needs),
  "litertjs-wasm": () => litertEngine("wasm"),
  "litertjs-webgpu": () => litertEngine("webgpu"),
};

export const ENGINE_NAMES = Object.keys(ENGINES);

/** Whether a variant needs an engine with layers. */
export function needsLayers(/** @type {string} */ variantId) {
  return variantId.startsWith("tfjs-layers-");
}

/**
 * The engines that run a variant, in the order in which they are offered.
 * @param {string} variantId
 */
export function enginesFor(variantId) {
  const family = variantId.startsWith("tflite-") ? "litertjs-" : "tfjs-";
  return ENGINE_NAMES.filter((name) => name.startsWith(family));
}

/**
 * Loads an engine. One realm holds one engine: to change it, start another worker.
 * @param {string} name
 * @param {{layers: boolean}} needs
 * @returns {Promise<Engine>}
 * @throws {import("../failures.js").EngineUnavailable} this browser cannot offer it
 */
export async function engineNamed(name, needs) {
  if (!(name in ENGINES)) {
    throw new Error(`expected an engine (${ENGINE_NAMES.join(", ")}), got ${name}`);
  }
  return ENGINES[name](needs);
}
