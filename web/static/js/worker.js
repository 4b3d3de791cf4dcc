/**
 * The worker: answers `{id, method, args}` with `{id, result}`, `{id, error, kind}`,
 * `{id, progress}`.
 */

import { kindOf } from "./failures.js";
import { Session } from "./session.js";

const session = new Session();

/** @type {Record<string, (args: any, onProgress: (progress: any) => void) => unknown>} */
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
  classify: (picture) => session.classify(picture),
  latency: (options) => session.latency(options),
  goldenImages: () => session.goldenImages(),
  prove: (_, onProgress) => session.prove((done, total) => onProgress({ done, total })),
};

self.addEventListener("message", async ({ data: { id, method, args } }) => {
  try {
    const result = await METHODS[method](args, (progress) => self.postMessage({ id, progress }));
    self.postMessage({ id, result });
  } catch (error) {
    self.postMessage({ id, error: sentence(error), kind: kindOf(error) });
  }
});

/** The message, with what lies behind it. */
function sentence(/** @type {unknown} */ error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

self.postMessage({ ready: true });
