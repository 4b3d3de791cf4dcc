/** What can go wrong on a visitor's device that another engine, worker or moment puts right. */

/** This browser, page or device cannot offer the engine: a reason, not a fault. */
export class EngineUnavailable extends Error {}

/** The engine broke while it ran: what it holds is lost, and another worker has to start. */
export class EngineFailed extends Error {}

/** The server could not be reached; the same may work in a while. */
export class NetworkLost extends Error {}

/** A file is not what the manifest says: no engine helps. */
export class FileAltered extends Error {}

/** @type {Record<string, new (message: string) => Error>} */
const KINDS = {
  unavailable: EngineUnavailable,
  failed: EngineFailed,
  network: NetworkLost,
  altered: FileAltered,
};

/** Its name between a worker and the page; null for every other error. */
export function kindOf(/** @type {unknown} */ error) {
  const found = Object.entries(KINDS).find(([, type]) => error instanceof type);
  return found ? found[0] : null;
}

/** The error that a worker told of. */
export function errorOf(/** @type {string | null} */ kind, /** @type {string} */ message) {
  return new (kind === null ? Error : KINDS[kind])(message);
}

/** What a person is told of anything that was thrown. */
export function messageOf(/** @type {unknown} */ error) {
  return error instanceof Error ? error.message : String(error);
}
