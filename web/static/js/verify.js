/**
 * The bare page that verification drives: `globalThis.edgeproofVerify`, on the very modules and
 * the very worker that the page uses. Arrays travel as base64 of their little-endian bytes.
 */

import { WorkerClient } from "./client.js";
import { needsLayers } from "./engines/index.js";
import { EngineUnavailable } from "./engines/unavailable.js";
import { offerOf } from "./ui/offers.js";

/** @typedef {{shape: number[], dtype: string, base64: string}} EncodedTensor */

/** @type {WorkerClient | null} */
let client = null;
/** The engine in the worker, and whether it has layers. @type {string | null} */
let inWorker = null;

const TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array, bool: Uint8Array };

globalThis.edgeproofVerify = {
  /** Resolves when the scripts are in. */
  async ready() {
    client ??= new WorkerClient();
    await client.ready;
  },
  /**
   * Starts an engine. Resolves to `{unavailable: reason}` where this browser cannot offer it.
   * @param {string} engine
   */
  start: (engine) => orReason(workerFor(engine, false).call("start", engine)),
  /**
   * Loads a variant. Resolves to `{unavailable: reason}` where the engine cannot take it.
   * @param {{bundle: string, variant: string, engine: string}} wanted
   */
  load({ bundle, variant, engine }) {
    const wanted = { bundle: offerOf(bundle), variant, engine };
    return orReason(workerFor(engine, needsLayers(variant)).call("load", wanted));
  },
  /** @param {{shape: number[], base64: string}} images */
  async runImages({ shape, base64 }) {
    return encodedRun(await worker().call("runImages", { shape, data: bytesOf(base64) }));
  },
  /** @param {EncodedTensor[]} tensors */
  async runTensors(tensors) {
    return encodedRun(await worker().call("runTensors", tensors.map(decodedTensor)));
  },
  /** @param {string} path */
  async runFile(path) {
    const run = await worker().call("runFile", path);
    return { ...encodedRun(run), image: base64Of(run.image) };
  },
  /** @param {{n: number}} options */
  latency: (options) => worker().call("latency", options),
  tensors: () => worker().call("tensors"),
  gpuCalls: () => worker().call("gpuCalls"),
  unload: () => worker().call("unload"),
};

/** A reason why something cannot run here is an answer, unlike a fault. */
function orReason(/** @type {Promise<any>} */ answer) {
  return answer.catch((error) => {
    if (error instanceof EngineUnavailable) return { unavailable: error.message };
    throw error;
  });
}

/** One worker holds one engine, with layers or without: the very files that visitors get. */
function workerFor(/** @type {string} */ engine, /** @type {boolean} */ layers) {
  const wanted = `${engine}${layers ? " with layers" : ""}`;
  if (inWorker !== null && inWorker !== wanted) {
    client?.close();
    client = null;
  }
  inWorker = wanted;
  return worker();
}

function worker() {
  client ??= new WorkerClient();
  return client;
}

/** @returns {import("./types").Tensor} */
function decodedTensor(/** @type {EncodedTensor} */ { shape, dtype, base64 }) {
  if (!(dtype in TYPES)) {
    throw new Error(`expected a tensor of ${Object.keys(TYPES).join(", ")}, got ${dtype}`);
  }
  const type = TYPES[/** @type {keyof typeof TYPES} */ (dtype)];
  return { shape, data: new type(bytesOf(base64).buffer) };
}

function encodedRun(/** @type {{outputs: import("./types").NamedTensor[], ms: number[]}} */ run) {
  const outputs = run.outputs.map(({ name, shape, data }) => ({
    name,
    shape,
    base64: base64Of(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  }));
  return { outputs, ms: run.ms };
}

function bytesOf(/** @type {string} */ base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function base64Of(/** @type {Uint8Array} */ bytes) {
  const parts = [];
  // String.fromCharCode takes a limited number of arguments
  for (let i = 0; i < bytes.length; i += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  }
  return btoa(parts.join(""));
}
