/**
 * The bare page that verification drives: `globalThis.edgeproofVerify`, on the very modules and
 * the very worker that the page uses. Inputs are fetched as little-endian bytes, which costs a
 * sixth of what base64 through the browser's debugging protocol does; the small outputs return so.
 */

import { WorkerClient } from "./client.js";
import { needsLayers } from "./engines/index.js";
import { EngineUnavailable } from "./failures.js";
import { offerOf } from "./ui/offers.js";

/** @typedef {{shape: number[], dtype: string, url: string}} OfferedTensor */

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
  /** @param {{shape: number[], url: string}} images */
  async runImages({ shape, url }) {
    return encodedRun(await worker().call("runImages", { shape, data: await bytesAt(url) }));
  },
  /** @param {OfferedTensor[]} tensors */
  async runTensors(tensors) {
    return encodedRun(await worker().call("runTensors", await Promise.all(tensors.map(fetched))));
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
  // what broke is not used again: the next load starts another
  client.onBroken = () => {
    client = null;
  };
  return client;
}

/** @returns {Promise<import("./types").Tensor>} */
async function fetched(/** @type {OfferedTensor} */ { shape, dtype, url }) {
  if (!(dtype in TYPES)) {
    throw new Error(`expected a tensor of ${Object.keys(TYPES).join(", ")}, got ${dtype}`);
  }
  const type = TYPES[/** @type {keyof typeof TYPES} */ (dtype)];
  return { shape, data: new type((await bytesAt(url)).buffer) };
}

function encodedRun(/** @type {{outputs: import("./types").NamedTensor[], ms: number[]}} */ run) {
  const outputs = run.outputs.map(({ name, shape, data }) => ({
    name,
    shape,
    base64: base64Of(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  }));
  return { outputs, ms: run.ms };
}

async function bytesAt(/** @type {string} */ url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`expected an input at ${url}, got status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function base64Of(/** @type {Uint8Array} */ bytes) {
  const parts = [];
  // String.fromCharCode takes a limited number of arguments
  for (let i = 0; i < bytes.length; i += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  }
  return btoa(parts.join(""));
}
