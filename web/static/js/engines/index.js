/** The engines that can run a browser variant, by runtime name. */

import { tfjsEngine } from "./tfjs.js";

/**
 * @typedef {import("../types").Engine} Engine
 * @type {Record<string, () => Promise<Engine>>}
 */
const ENGINES = {
  "tfjs-wasm": () => tfjsEngine("wasm"),
  "tfjs-webgl": () => tfjsEngine("webgl"),
  "tfjs-cpu": () => tfjsEngine("cpu"),
};

export const ENGINE_NAMES = Object.keys(ENGINES);

/**
 * Loads an engine. One realm holds one engine: to change it, start another worker.
 * @param {string} name
 * @returns {Promise<Engine>}
 */
export async function engineNamed(name) {
  if (!(name in ENGINES)) {
    throw new Error(`expected an engine (${ENGINE_NAMES.join(", ")}), got ${name}`);
  }
  return ENGINES[name]();
}
