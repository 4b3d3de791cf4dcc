/**
 * What a picture file promises, read before anything is decoded: a few bytes can promise gigabytes.
 * The limits and the words of `edge/pictures/`.
 */

import { chunksOfWebp, counter, cutShort, formOf, segmentsOfJpeg, textAt, viewOf } from "./parts.js";

const MAX_PIXELS = 30_000_000; // as edge/pictures/plain.py
export const MAX_FILE_BYTES = 60_000_000; // as edge/pictures/source.py
// every scan of a JPEG goes over all pixels; as edge/pictures/decode.py
const MAX_PASSED_PIXELS = 1_000_000_000;

/** @typedef {{width: number, height: number, scans?: number}} Promised */

/**
 * @param {Uint8Array} bytes a whole encoded picture
 * @throws what would take too much memory or time; or a header that is cut short. A file whose
 *   format is not known here says nothing: it is for the browser to decode, and then for `checkSize`
 */
export function checkHeader(bytes) {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new Error(`expected a file of at most ${grouped(MAX_FILE_BYTES)} bytes, got more`);
  }
  const form = formOf(bytes);
  const promised = form ? SIZES[form](bytes) : sizeOfAvif(bytes);
  if (!promised) return;
  const { width, height, scans = 1 } = promised;
  checkSize(width, height);
  if (scans * width * height > MAX_PASSED_PIXELS) {
    const most = Math.floor(MAX_PASSED_PIXELS / (width * height));
    throw new Error(
      `expected at most ${grouped(most)} scans of ${width} x ${height} pixels, ` +
        `got ${grouped(scans)}`,
    );
  }
}

/**
 * @param {number} width
 * @param {number} height
 * @throws no pixels, or too many
 */
export function checkSize(width, height) {
  if (width < 1 || height < 1) {
    throw new Error(`expected a picture, got one of ${width} x ${height} pixels`);
  }
  if (width * height > MAX_PIXELS) {
    throw new Error(
      `expected at most ${grouped(MAX_PIXELS)} pixels, got ${width} x ${height}; ` +
        "choose a smaller picture",
    );
  }
}

/** @type {Record<"jpeg" | "png" | "webp" | "gif" | "bmp", (bytes: Uint8Array) => Promised>} */
const SIZES = {
  jpeg: sizeOfJpeg,
  png: sizeOfPng,
  webp: sizeOfWebp,
  gif: sizeOfGif,
  bmp: sizeOfBmp,
};

/** @returns {Promised} */
function sizeOfJpeg(/** @type {Uint8Array} */ bytes) {
  let frame = null;
  let componentsAtOnce = 0; // one scan that holds as many is the only one that is decoded
  for (const { kind, body, start } of segmentsOfJpeg(bytes)) {
    if (kind === "\xda") {
      if (!frame) break;
      return { ...frame, scans: body[0] === componentsAtOnce ? 1 : scansFrom(bytes, start) };
    }
    if (/[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]/.test(kind)) {
      if (body.length < 6) throw cutShort("a segment");
      const view = viewOf(body);
      frame = { width: view.getUint16(3), height: view.getUint16(1) };
      componentsAtOnce = /[\xc2\xc6\xca\xce]/.test(kind) ? -1 : body[5];
    }
  }
  throw cutShort("its header");
}

function scansFrom(/** @type {Uint8Array} */ bytes, /** @type {number} */ start) {
  let scans = 0;
  for (let at = start; (at = bytes.indexOf(0xff, at)) !== -1; at++) {
    if (bytes[at + 1] === 0xda) scans += 1;
  }
  return scans;
}

/** @returns {Promised} */
function sizeOfPng(/** @type {Uint8Array} */ bytes) {
  if (bytes.length < 24) throw cutShort("its header");
  if (!textAt(bytes, 12, "IHDR")) {
    throw new Error("cannot be decoded: expected a header first in a PNG, got another chunk");
  }
  const view = viewOf(bytes);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** By the first chunk with pixels, or the canvas. @returns {Promised} */
function sizeOfWebp(/** @type {Uint8Array} */ bytes) {
  for (const { kind, body } of chunksOfWebp(bytes)) {
    if (!["VP8X", "VP8L", "VP8 "].includes(kind)) continue;
    if (body.length < 10 && !(kind === "VP8L" && body.length >= 5)) throw cutShort("its header");
    const view = viewOf(body);
    if (kind === "VP8X") {
      const width = 1 + (view.getUint32(4, true) & 0xffffff);
      return { width, height: 1 + (view.getUint32(6, true) >>> 8) };
    }
    if (kind === "VP8L") {
      const bits = view.getUint32(1, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
  }
  throw cutShort("its header");
}

/** The screen, or the first picture where that is larger. @returns {Promised} */
function sizeOfGif(/** @type {Uint8Array} */ bytes) {
  if (bytes.length < 13) throw cutShort("its header");
  const view = viewOf(bytes);
  const count = counter("blocks");
  let at = 13 + (bytes[10] & 0x80 ? 3 << ((bytes[10] & 7) + 1) : 0);
  for (; bytes[at] === 0x21; at++) {
    count();
    for (at += 2; bytes[at]; at += 1 + bytes[at]) count(); // blocks, each after its length
  }
  if (at + 10 > bytes.length) throw cutShort("what stands before the picture");
  if (bytes[at] !== 0x2c) {
    throw new Error(`cannot be decoded: expected a picture in a GIF, got block ${bytes[at]}`);
  }
  const [x, y, across, below] = [1, 3, 5, 7].map((i) => view.getUint16(at + i, true));
  return {
    width: Math.max(view.getUint16(6, true), x + across),
    height: Math.max(view.getUint16(8, true), y + below),
  };
}

/** @returns {Promised} */
function sizeOfBmp(/** @type {Uint8Array} */ bytes) {
  if (bytes.length < 26) throw cutShort("its header");
  const view = viewOf(bytes);
  if (view.getUint32(14, true) === 12) {
    return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  }
  // a negative height: rows from the top
  return { width: view.getUint32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

/** The largest of the sizes that its properties (`ispe`) state. @returns {Promised | null} */
function sizeOfAvif(/** @type {Uint8Array} */ bytes) {
  if (!textAt(bytes, 4, "ftyp")) return null;
  const view = viewOf(bytes);
  let largest = null;
  for (let at = 8; (at = bytes.indexOf(0x69, at)) !== -1 && at + 16 <= bytes.length; at++) {
    if (!textAt(bytes, at, "ispe")) continue;
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

function grouped(/** @type {number} */ count) {
  return count.toLocaleString("en");
}
