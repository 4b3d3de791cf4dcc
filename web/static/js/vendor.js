/**
 * The third-party code, each part loaded when it is first needed. The build writes it to
 * `../vendor/`; its types are those of the sources in `web/vendor/`.
 */

/**
 * TensorFlow.js with any of its backends; what a file lacks is left out of its use by the caller.
 * @typedef {typeof import("../../vendor/tfjs-wasm-layers.js")} Tfjs
 */

const FOLDER = new URL("../vendor/", import.meta.url);

/** Where the `.wasm` files lie. */
export const VENDOR_URL = FOLDER.href;

/** @returns {Promise<any>} */
function load(/** @type {string} */ name) {
  return import(new URL(name, FOLDER).href);
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
