/**
 * The worker: answers `{id, method, args}` with `{id, result}`, `{id, error, kind}`,
 * `{id, progress}`; `{cancel: id}` gives a call up.
 */

import { kindOf } from "./failures.js";
import { bytesOf } from "./file_bytes.js";
import { checkHeader } from "./header.js";
import { Session } from "./session.js";
import { thumbnail } from "./thumbnail.js";

const session = new Session();

/** Calls that are being answered. @type {Map<number, AbortController>} */
const answering = new Map();

/**
 * @typedef {(args: any, onProgress: (progress: any) => void, signal: AbortSignal) => unknown} Method
 * @type {Record<string, Method>}
 */
const METHODS = {
  start: (engine) => session.start(engine),
  load: (wanted) => session.load(wanted),
  unload: () => session.unload(),
  resources: () => performance.getEntriesByType("resource").map(({ name }) => name),
  tensors: () => session.tensors(),
  gpuCalls: () => session.gpuCalls(),
  runImages: (images) => session.runImages(images),
  runTensors: (tensors) => session.runTensors(tensors),
  runFile: (path) => session.runFile(path),
  check: async ({ blob }) => checkHeader(await bytesOf(blob)),
  classify: (picture) => session.classify(picture),
  thumbnail: (wanted) => thumbnail(wanted),
  explain: (question, onProgress, signal) =>
    session.explain(question, (done, total) => onProgress({ done, total }), signal),
  latency: (options) => session.latency(options),
  goldenImages: () => session.goldenImages(),
  prove: (_, onProgress) => session.prove((done, total) => onProgress({ done, total })),
};

self.addEventListener("message", async ({ data: { id, method, args, cancel } }) => {
  if (cancel !== undefined) {
    answering.get(cancel)?.abort();
    return;
  }
  const control = new AbortController();
  answering.set(id, control);
  const onProgress = (/** @type {any} */ progress) => self.postMessage({ id, progress });
  try {
    const result = await METHODS[method](args, onProgress, control.signal);
    self.postMessage({ id, result });
  } catch (error) {
    self.postMessage({ id, error: sentence(error), kind: kindOf(error) });
  } finally {
    answering.delete(id);
  }
});

/** The message, with what lies behind it. */
function sentence(/** @type {unknown} */ error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

self.postMessage({ ready: true });
