/**
 * The third-party code, each part loaded when it is first needed. The build writes it to
 * `../vendor/`; its types are those of the sources in `web/vendor/`.
 */

import { NetworkLost } from "./failures.js";

/**
 * TensorFlow.js with any of its backends; what a file lacks is left out of its use by the caller.
 * @typedef {typeof import("../../vendor/tfjs-wasm-layers.js")} Tfjs
 */

const FOLDER = new URL("../vendor/", import.meta.url);

/** Where the `.wasm` files lie. */
export const VENDOR_URL = FOLDER.href;

/** @returns {Promise<any>} */
async function load(/** @type {string} */ name) {
  const { href, pathname } = new URL(name, FOLDER);
  try {
    return await import(href);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it came, and failed while it was run
    throw new NetworkLost(`${pathname} could not be fetched; check the connection`, {
      cause: error,
    });
  }
}

/**
 * For libraries that do not tell a lost network from a browser that lacks something.
 * @param {string} name of a file that one failed to start with
 * @throws {NetworkLost} the file cannot be fetched
 */
export async function requireFile(name) {
  const url = new URL(name, FOLDER);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new NetworkLost(`${url.pathname} could not be fetched; check the connection`);
  }
}

/**
 * TensorFlow.js on one backend: one file for each, so that a visitor waits for one request.
 * @param {"cpu" | "wasm" | "webgl" | "webgpu"} backend
 * @param {boolean} withLayers with `loadLayersModel`, 50 KB more
 * @returns {Promise<Tfjs>}
 */
export const tfjs = (backend, withLayers) =>
  load(`tfjs-${backend}${withLayers ? "-layers" : ""}.js`);

/** @returns {Promise<typeof import("../../vendor/sha256.js")>} */
export const noble = () => load("sha256.js");
/** @returns {Promise<typeof import("../../vendor/litert.js")>} */
export const litert = () => load("litert.js");
