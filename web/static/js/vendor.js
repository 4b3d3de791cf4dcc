/**
 * The third-party code, each part loaded when it is first needed. The build writes it to
 * `../vendor/`; its types are those of the sources in `web/vendor/`.
 */

const FOLDER = new URL("../vendor/", import.meta.url);

/** Where the `.wasm` files lie. */
export const VENDOR_URL = FOLDER.href;

/** @returns {Promise<any>} */
function load(/** @type {string} */ name) {
  return import(new URL(name, FOLDER).href);
}

/** @returns {Promise<typeof import("../../vendor/tfjs.js")>} */
export const tfjs = () => load("tfjs.js");
/** @returns {Promise<typeof import("../../vendor/tfjs-layers.js")>} */
export const tfjsLayers = () => load("tfjs-layers.js");
/** @returns {Promise<typeof import("../../vendor/tfjs-wasm.js")>} */
export const tfjsWasm = () => load("tfjs-wasm.js");
/** @returns {Promise<unknown>} */
export const tfjsWebgl = () => load("tfjs-webgl.js");
/** @returns {Promise<unknown>} */
export const tfjsWebgpu = () => load("tfjs-webgpu.js");
/** @returns {Promise<unknown>} */
export const tfjsCpu = () => load("tfjs-cpu.js");
/** @returns {Promise<typeof import("../../vendor/sha256.js")>} */
export const noble = () => load("sha256.js");
/** @returns {Promise<typeof import("../../vendor/litert.js")>} */
export const litert = () => load("litert.js");
