/**
 * A served bundle: its manifest, and its files, each checked against the manifest's SHA-256 before
 * anything looks into it.
 */

import { FileAltered, NetworkLost } from "./failures.js";
import { SITE } from "./site.js";
import { noble } from "./vendor.js";

/**
 * @typedef {import("./types").FileEntry} FileEntry
 * @typedef {import("./types").Manifest} Manifest
 * @typedef {import("./types").Variant} Variant
 */

const SCHEMA_VERSION = 1;

export class Bundle {
  /**
   * @param {URL} folder where it is served
   * @param {Manifest} manifest
   */
  constructor(folder, manifest) {
    this.folder = folder;
    this.manifest = manifest;
    /** @type {Map<string, Promise<Uint8Array<ArrayBuffer>>>} */
    this.files = new Map();
  }

  /**
   * @param {{name: string, version: string}} served the version is the start of the manifest's
   *   SHA-256, so that files of two versions are never mixed
   * @returns {Promise<Bundle>}
   */
  static async open({ name, version }) {
    const folder = new URL(`bundles/${encodeURIComponent(name)}/${version}/`, SITE);
    const response = await fetched(new URL("bundle.json", folder));
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = await sha256(bytes);
    if (!version || !digest.startsWith(version)) {
      throw new FileAltered(
        `${name} was altered: expected a manifest of version ${version}, got ` +
          `${digest.slice(0, version.length)}; reload the page`,
      );
    }
    const manifest = /** @type {Manifest} */ (JSON.parse(new TextDecoder().decode(bytes)));
    if (manifest.schema_version !== SCHEMA_VERSION) {
      throw new Error(
        `${name}: expected a manifest of schema version ${SCHEMA_VERSION}, got ` +
          `${manifest.schema_version}; convert the model again with this version of edgeproof`,
      );
    }
    return new Bundle(folder, manifest);
  }

  /** @returns {Variant} */
  variant(/** @type {string} */ id) {
    const found = this.manifest.variants.find((v) => v.id === id);
    if (found) return found;
    const ids = this.manifest.variants.map((v) => v.id).join(", ");
    throw new Error(`expected a variant of ${this.manifest.name} (${ids}), got ${id}`);
  }

  /**
   * A file's bytes, checked. Fetched once.
   * @param {FileEntry} entry
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  read(entry) {
    let bytes = this.files.get(entry.path);
    if (!bytes) {
      bytes = this.#fetchChecked(entry);
      this.files.set(entry.path, bytes);
      // a failed download may be tried again
      bytes.catch(() => this.files.delete(entry.path));
    }
    return bytes;
  }

  async #fetchChecked(/** @type {FileEntry} */ entry) {
    const path = entry.path.split("/").map(encodeURIComponent).join("/");
    const response = await fetched(new URL(path, this.folder));
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = await sha256(bytes);
    if (digest !== entry.sha256) {
      throw new FileAltered(
        `${entry.path} was altered: expected SHA-256 ${entry.sha256}, got ${digest}; ` +
          "copy the bundle again",
      );
    }
    return bytes;
  }
}

/** @returns {Promise<Response>} */
async function fetched(/** @type {URL} */ url) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new NetworkLost(`${url.pathname} could not be fetched; check the connection`, {
      cause: error,
    });
  }
  if (!response.ok) {
    throw new Error(`expected ${url.pathname} from the server, got status ${response.status}`);
  }
  return response;
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>} 64 hexadecimal digits
 */
export async function sha256(bytes) {
  // crypto.subtle exists on https and localhost only; a board on the local network is neither
  const digest = globalThis.crypto?.subtle
    ? new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
    : (await noble()).sha256(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
