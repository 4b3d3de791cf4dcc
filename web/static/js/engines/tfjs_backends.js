/** How each TensorFlow.js engine is started: its backend, its flags, and what it needs. */

import * as vendor from "../vendor.js";
import { EngineUnavailable } from "../failures.js";

/**
 * @typedef {import("../vendor.js").Tfjs} Tfjs
 *
 * @typedef {object} Backend
 * @property {"cpu" | "wasm" | "webgl" | "webgpu"} name as TensorFlow.js calls it
 * @property {(tf: Tfjs) => void} [prepare] before it starts
 * @property {Record<string, boolean>} [flags] set before it starts
 * @property {string} [needs] what the browser has to offer; without it the engine is unavailable
 * @property {string} [file] in the vendor folder, that starting it fetches
 * @property {boolean} [onGpu]
 */

function wasm(/** @type {Tfjs} */ tf) {
  if (!globalThis.WebAssembly) {
    throw new EngineUnavailable("this browser does not offer WebAssembly; choose another engine");
  }
  tf.setWasmPaths(vendor.VENDOR_URL);
}

function wasmThreads(/** @type {Tfjs} */ tf) {
  if (!globalThis.crossOriginIsolated) {
    throw new EngineUnavailable(
      "threads need a page that is isolated from other origins (the headers " +
        "Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy); choose another engine",
    );
  }
  wasm(tf);
  // TensorFlow.js takes at most half of the cores it is told of, so two cores gave one thread
  const threads = Math.max(2, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2)));
  Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 * threads });
  tf.setThreadsCount(threads);
}

/** @satisfies {Record<string, Backend>} */
export const BACKENDS = /** @type {const} */ ({
  // isolation decides which of the two TensorFlow.js would take: here the name does
  "tfjs-wasm": {
    name: "wasm",
    prepare: wasm,
    flags: { WASM_HAS_MULTITHREAD_SUPPORT: false },
    file: "tfjs-backend-wasm-simd.wasm",
  },
  "tfjs-wasm-threads": {
    name: "wasm",
    prepare: wasmThreads,
    flags: { WASM_HAS_MULTITHREAD_SUPPORT: true },
    file: "tfjs-backend-wasm-threaded-simd.wasm",
  },
  "tfjs-webgl": { name: "webgl", needs: "WebGL", onGpu: true },
  // what many phones do for want of 32-bit textures that can be drawn to
  "tfjs-webgl-f16": {
    name: "webgl",
    flags: { WEBGL_FORCE_F16_TEXTURES: true },
    needs: "WebGL",
    onGpu: true,
  },
  "tfjs-webgpu": { name: "webgpu", needs: "WebGPU", onGpu: true },
  "tfjs-cpu": { name: "cpu" },
});

/**
 * TensorFlow.js on the engine's backend.
 * @param {keyof typeof BACKENDS} engine
 * @param {boolean} withLayers
 * @returns {Promise<Tfjs>}
 */
export async function startedTfjs(engine, withLayers) {
  /** @type {Backend} */
  const { name, prepare, flags = {}, needs, file } = BACKENDS[engine];
  const tf = await vendor.tfjs(name, withLayers);
  prepare?.(tf);
  // PROD: a backend that is not there is an answer here, and no warning on the console
  for (const [flag, value] of Object.entries({ PROD: true, ...flags })) tf.env().set(flag, value);
  /** @type {unknown} */
  let cause;
  const started = await tf.setBackend(name).catch((/** @type {unknown} */ error) => {
    cause = error;
    return false;
  });
  if (!started) {
    if (file) await vendor.requireFile(file);
    const Refusal = needs ? EngineUnavailable : Error;
    const what = needs ?? `TensorFlow.js on ${name}`;
    throw new Refusal(`this browser does not offer ${what} here; choose another engine`, { cause });
  }
  await tf.ready();
  if (tf.getBackend() !== name) {
    throw new Error(`expected TensorFlow.js on ${name}, got it on ${tf.getBackend()}`);
  }
  if (engine === "tfjs-wasm-threads") requireThreads(tf);
  return tf;
}

function requireThreads(/** @type {Tfjs} */ tf) {
  const count = tf.getThreadsCount();
  if (count < 2) throw new Error(`expected at least 2 threads in WebAssembly, got ${count}`);
}
