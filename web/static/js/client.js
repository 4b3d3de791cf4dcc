/** The page's side of a worker: one worker runs one engine. */

import { EngineFailed, errorOf } from "./failures.js";

/**
 * @typedef {(progress: {done: number, total: number}) => void} OnProgress
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {OnProgress} [onProgress]
 * @property {boolean} isBackground
 */

export class WorkerClient {
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 1;
  #worker;
  #usedAt = performance.now();
  /** Why nothing more can be asked. @type {Error | null} */
  #ended = null;
  /**
   * Told once when the engine or the worker breaks, after the calls that failed with it.
   * @type {(error: Error) => void}
   */
  onBroken = () => undefined;

  constructor() {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    /** Resolves when the worker's scripts are in. @type {Promise<void>} */
    this.ready = new Promise((resolve, reject) => {
      this.#worker.addEventListener("message", ({ data }) => {
        if (data.ready) resolve();
        else this.#receive(data);
      });
      this.#worker.addEventListener("error", (event) => {
        event.preventDefault(); // it is said on the page
        const reason = event.message || "its script did not load";
        const error = new EngineFailed(`the worker failed: ${reason}`);
        reject(error);
        this.#break(error);
      });
    });
    this.ready.catch(() => undefined); // those who wait for a call are told through it
  }

  /** For how long nothing was asked of it for the visitor, in ms; 0 while it works. */
  get quietMs() {
    const isWorking = [...this.#pending.values()].some(({ isBackground }) => !isBackground);
    return isWorking ? 0 : performance.now() - this.#usedAt;
  }

  /**
   * @param {string} method of the worker
   * @param {unknown} [args]
   * @param {{transfer?: Transferable[], onProgress?: OnProgress, signal?: AbortSignal,
   *   isBackground?: boolean}} [options] `signal` gives a call up: it rejects at once, and the worker
   *   ends it as soon as it looks; what runs in the background is not for the visitor, and leaves
   *   `quietMs` as it is
   * @returns {Promise<any>}
   */
  call(method, args, { transfer = [], onProgress, signal, isBackground = false } = {}) {
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => {
        if (!this.#pending.delete(id)) return;
        this.#worker.postMessage({ cancel: id });
        reject(signal.reason);
      });
      this.#pending.set(id, { resolve, reject, onProgress, isBackground });
      this.#worker.postMessage({ id, method, args }, transfer);
    });
  }

  /** Ends the worker; whatever it was doing fails. */
  close() {
    this.#end(new Stopped());
  }

  /**
   * @param {{id: number, result?: unknown, error?: string, kind?: string | null,
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
    if (!pending.isBackground) this.#usedAt = performance.now();
    if (message.error === undefined) {
      pending.resolve(message.result);
      return;
    }
    const error = errorOf(message.kind ?? null, message.error);
    pending.reject(error);
    if (error instanceof EngineFailed) this.#break(error);
  }

  #break(/** @type {Error} */ error) {
    if (this.#ended) return;
    this.#end(error);
    this.onBroken(error);
  }

  #end(/** @type {Error} */ error) {
    this.#ended ??= error;
    this.#worker.terminate();
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
