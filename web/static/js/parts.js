/**
 * The parts that picture files are made of: JPEG's segments, PNG's and WebP's chunks. A part that
 * is cut short is the last one, or is left out.
 */

// more than any writer makes, as in edge/pictures/plain.py
const MAX_PARTS = 100_000;

/**
 * @typedef {object} Part
 * @property {string} kind a chunk's type, or a JPEG marker's second byte as one character
 * @property {Uint8Array} body
 * @property {number} start of the whole part
 * @property {number} end of the whole part; beyond the file's where it is cut short
 */

/** @typedef {"jpeg" | "png" | "webp" | "gif" | "bmp" | null} Form */

/** The format that the first bytes tell. @returns {Form} */
export function formOf(/** @type {Uint8Array} */ bytes) {
  if (textAt(bytes, 0, "\xff\xd8\xff")) return "jpeg";
  if (textAt(bytes, 0, "\x89PNG\r\n\x1a\n")) return "png";
  if (textAt(bytes, 0, "RIFF") && textAt(bytes, 8, "WEBP")) return "webp";
  if (textAt(bytes, 0, "GIF87a") || textAt(bytes, 0, "GIF89a")) return "gif";
  return textAt(bytes, 0, "BM") ? "bmp" : null;
}

/**
 * Segments up to the first scan's, which is the last one: a marker, then a big-endian length that
 * counts itself.
 * @param {Uint8Array} bytes
 * @returns {Generator<Part>}
 */
export function* segmentsOfJpeg(bytes) {
  const view = viewOf(bytes);
  const count = counter("segments");
  let at = 2;
  while ((at = bytes.indexOf(0xff, at)) !== -1 && at + 4 <= bytes.length) {
    while (bytes[at + 1] === 0xff) at += 1; // fill bytes: skipped, as libjpeg does
    if (at + 4 > bytes.length) return;
    const marker = bytes[at + 1];
    if (marker === 0) {
      at += 2; // no marker at all
      continue;
    }
    count();
    if (marker === 0xd9) return;
    const kind = String.fromCharCode(marker);
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      yield { kind, body: bytes.subarray(at, at), start: at, end: at + 2 }; // these have no length
      at += 2;
      continue;
    }
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) return;
    yield { kind, body: bytes.subarray(at + 4, end), start: at, end };
    if (marker === 0xda) return;
    at = end;
  }
}

/**
 * Chunks up to `IEND`, which is the last one: a big-endian length of the data, a type, the data, a
 * checksum.
 * @param {Uint8Array} bytes
 * @returns {Generator<Part>}
 */
export function* chunksOfPng(bytes) {
  const view = viewOf(bytes);
  const count = counter("chunks");
  for (let at = 8; at + 8 <= bytes.length; ) {
    count();
    const end = at + 8 + view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield { kind, body: bytes.subarray(at + 8, end), start: at, end: end + 4 };
    if (kind === "IEND") return;
    at = end + 4;
  }
}

/**
 * Chunks: a type, a little-endian length of the data, the data, padded to an even length.
 * @param {Uint8Array} bytes
 * @returns {Generator<Part>}
 * @throws a chunk that is cut short
 */
export function* chunksOfWebp(bytes) {
  const view = viewOf(bytes);
  const count = counter("chunks");
  const fileEnd = Math.min(bytes.length, 8 + view.getUint32(4, true));
  for (let at = 12; at + 8 <= fileEnd; ) {
    count();
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end > fileEnd) throw cutShort("a chunk");
    const kind = String.fromCharCode(...bytes.subarray(at, at + 4));
    const next = end + (length % 2);
    yield { kind, body: bytes.subarray(at + 8, end), start: at, end: next };
    at = next;
  }
}

/** Throws at the first part that is too many. */
export function counter(/** @type {string} */ what) {
  let left = MAX_PARTS;
  return () => {
    left -= 1;
    if (left < 0) {
      throw new Error(`expected at most ${MAX_PARTS.toLocaleString("en")} ${what}, got more`);
    }
  };
}

export function cutShort(/** @type {string} */ where) {
  return new Error(`cannot be decoded: expected a whole file, got one that ends in ${where}`);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {string} text one byte a character
 */
export function textAt(bytes, at, text) {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

export function viewOf(/** @type {Uint8Array} */ bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
