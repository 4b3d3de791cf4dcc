/**
 * A picture file reduced to what its pixels need, before the browser's decoder sees it, and the one
 * thing that the input contract takes from the rest, the orientation: the twin of `edge/pictures/`.
 *
 * Browsers turn pictures by themselves, whatever they are asked, and differ in the formats for
 * which they do; and Chromium takes 50 s for the first frame of a WebP that has 99,000.
 */

import { orientationOf } from "./exif.js";
import { chunksOfPng, chunksOfWebp, formOf, segmentsOfJpeg, textAt } from "./parts.js";

/**
 * @typedef {object} Plain
 * @property {Uint8Array<ArrayBuffer>[]} pieces of the file, for a Blob: nothing is copied
 * @property {number} orientation EXIF's, 1 to 8
 */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes a whole encoded picture
 * @returns {Plain} GIF, BMP and what is not known here as they are
 * @throws more parts than any writer makes
 */
export function plain(bytes) {
  const form = formOf(bytes);
  if (form === "jpeg") return plainJpeg(bytes);
  if (form === "png") return plainPng(bytes);
  return form === "webp" ? plainWebp(bytes) : { pieces: [bytes], orientation: 1 };
}

/** Without comments and applications' segments: EXIF, profiles, thumbnails. */
function plainJpeg(/** @type {Uint8Array<ArrayBuffer>} */ bytes) {
  const kept = new Kept(bytes, 2);
  let exif, xmp;
  for (const { kind, body, start, end } of segmentsOfJpeg(bytes)) {
    if (kind === "\xda") {
      kept.add(start, bytes.length);
    } else if (!/[\xe0-\xef\xfe]/.test(kind) || isAboutColor(kind, body)) {
      kept.add(start, end);
    } else if (kind === "\xe1") {
      if (textAt(body, 0, "Exif\0\0")) exif ??= body;
      if (textAt(body, 0, "http://ns.adobe.com/xap/1.0/\0")) xmp ??= body;
    }
  }
  return { pieces: kept.pieces(), orientation: orientationOf(exif, xmp) };
}

/** JFIF's and Adobe's own segments say how colours are stored. */
function isAboutColor(/** @type {string} */ kind, /** @type {Uint8Array} */ body) {
  if (kind === "\xe0") return body.length >= 14 && textAt(body, 0, "JFIF\0");
  return kind === "\xee" && body.length >= 12 && textAt(body, 0, "Adobe");
}

/** Critical chunks, which begin with a capital letter, and transparency. */
function plainPng(/** @type {Uint8Array<ArrayBuffer>} */ bytes) {
  const kept = new Kept(bytes, 8);
  let exif, xmp;
  for (const { kind, body, start, end } of chunksOfPng(bytes)) {
    if (!(kind.charCodeAt(0) & 0x20) || kind === "tRNS") kept.add(start, end);
    else if (kind === "eXIf") exif ??= body;
    else if (kind === "iTXt" && textAt(body, 0, "XML:com.adobe.xmp\0")) xmp ??= body;
  }
  return { pieces: kept.pieces(), orientation: orientationOf(exif, xmp) };
}

/** Chunks with pixels, up to an animation's first frame. */
function plainWebp(/** @type {Uint8Array<ArrayBuffer>} */ bytes) {
  const kept = new Kept(bytes, 12);
  let exif, xmp;
  let frames = 0;
  for (const { kind, body, start, end } of chunksOfWebp(bytes)) {
    if (kind === "ANMF") frames += 1;
    if (/^(VP8[X L]|ALPH|ANIM)$/.test(kind) || (kind === "ANMF" && frames === 1)) {
      kept.add(start, end);
    } else if (kind === "EXIF") {
      exif ??= body;
    } else if (kind === "XMP ") {
      xmp ??= body;
    }
  }
  const [head, ...rest] = kept.pieces();
  const length = kept.length - 8;
  const header = head.slice();
  new DataView(header.buffer).setUint32(4, length, true);
  return { pieces: [header, ...rest], orientation: orientationOf(exif, xmp) };
}

/** Stretches of a file, in order. */
class Kept {
  #bytes;
  /** @type {[number, number][]} */
  #spans;

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number} head how many of them are kept in any case
   */
  constructor(bytes, head) {
    this.#bytes = bytes;
    this.#spans = [[0, head]];
    this.length = head;
  }

  add(/** @type {number} */ start, /** @type {number} */ end) {
    const last = this.#spans[this.#spans.length - 1];
    if (last[1] === start && this.#spans.length > 1) last[1] = end;
    else this.#spans.push([start, end]);
    this.length += Math.min(end, this.#bytes.length) - start;
  }

  pieces() {
    return this.#spans.map(([start, end]) => this.#bytes.subarray(start, end));
  }
}
