/** The page's side of a worker: one worker runs one engine. */

import { EngineUnavailable } from "./engines/unavailable.js";

/**
 * @typedef {(progress: {done: number, total: number}) => void} OnProgress
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {OnProgress} [onProgress]
 */

export class WorkerClient {
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 1;
  #closed = false;
  #worker;

  constructor() {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    /** Resolves when the worker's scripts are in. @type {Promise<void>} */
    this.ready = new Promise((resolve, reject) => {
      this.#worker.addEventListener("message", ({ data }) => {
        if (data.ready) resolve();
        else this.#receive(data);
      });
      this.#worker.addEventListener("error", (event) => {
        const error = new Error(
          `the worker failed: ${event.message || "its script did not load"}; reload the page`,
        );
        reject(error);
        this.#failAll(error);
      });
    });
    this.ready.catch(() => undefined); // those who wait for a call are told through it
  }

  /**
   * @param {string} method of the worker
   * @param {unknown} [args]
   * @param {{transfer?: Transferable[], onProgress?: OnProgress, signal?: AbortSignal}} [options]
   *   `signal` gives a call up: it rejects at once, and the worker ends it as soon as it looks
   * @returns {Promise<any>}
   */
  call(method, args, { transfer = [], onProgress, signal } = {}) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#closed || signal?.aborted) {
        reject(this.#closed ? new Stopped() : signal?.reason);
        return;
      }
      signal?.addEventListener("abort", () => {
        if (!this.#pending.delete(id)) return;
        this.#worker.postMessage({ cancel: id });
        reject(signal.reason);
      });
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ id, method, args }, transfer);
    });
  }

  /** Ends the worker; whatever it was doing fails. */
  close() {
    this.#closed = true;
    this.#worker.terminate();
    this.#failAll(new Stopped());
  }

  /**
   * @param {{id: number, result?: unknown, error?: string, unavailable?: boolean,
   *   progress?: any}} message
   */
  #receive(message) {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.progress) {
      pending.onProgress?.(message.progress);
      return;
    }
    this.#pending.delete(message.id);
    if (message.error === undefined) pending.resolve(message.result);
    else if (message.unavailable) pending.reject(new EngineUnavailable(message.error));
    else pending.reject(new Error(message.error));
  }

  #failAll(/** @type {Error} */ error) {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** The worker was ended on purpose, because another choice replaced it. */
export class Stopped extends Error {
  constructor() {
    super("stopped: another choice was made");
  }
}
