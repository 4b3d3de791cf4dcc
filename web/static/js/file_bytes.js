/** A chosen file's bytes, read in the worker. */

import { MAX_FILE_BYTES } from "./header.js";

/**
 * @param {Blob} blob
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws where it is too large, a folder, or gone
 */
export async function bytesOf(blob) {
  if (blob.size > MAX_FILE_BYTES) {
    throw new Error(
      `expected a picture of at most ${MAX_FILE_BYTES / 1e6} MB, got ` +
        `${Math.round(blob.size / 1e6)} MB; choose a smaller one`,
    );
  }
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new Error("expected a file that can be read, got a folder or one that is gone", {
      cause: error,
    });
  }
}
