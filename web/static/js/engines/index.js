/** The engines that can run a browser variant, by runtime name. */

import { litertEngine } from "./litert.js";
import { tfjsEngine } from "./tfjs.js";

/**
 * @typedef {import("../types").Engine} Engine
 * @type {Record<string, () => Promise<Engine>>}
 */
const ENGINES = {
  "tfjs-wasm": () => tfjsEngine("tfjs-wasm"),
  "tfjs-wasm-threads": () => tfjsEngine("tfjs-wasm-threads"),
  "tfjs-webgl": () => tfjsEngine("tfjs-webgl"),
  "tfjs-webgl-f16": () => tfjsEngine("tfjs-webgl-f16"),
  "tfjs-webgpu": () => tfjsEngine("tfjs-webgpu"),
  "tfjs-cpu": () => tfjsEngine("tfjs-cpu"),
  "litertjs-wasm": () => litertEngine("wasm"),
  "litertjs-webgpu": () => litertEngine("webgpu"),
};

export const ENGINE_NAMES = Object.keys(ENGINES);

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
 * @returns {Promise<Engine>}
 * @throws {import("./unavailable.js").EngineUnavailable} this browser cannot offer it
 */
export async function engineNamed(name) {
  if (!(name in ENGINES)) {
    throw new Error(`expected an engine (${ENGINE_NAMES.join(", ")}), got ${name}`);
  }
  return ENGINES[name]();
}
