/**
 * The orientation that a JPEG, PNG or WebP file states, read by our own code so that it is the
 * same in every browser and on devices: the twin of `edge/pictures/`. The first EXIF block counts,
 * and XMP only where that says nothing.
 */

import { chunksOfPng, chunksOfWebp, formOf, segmentsOfJpeg, textAt, viewOf } from "./parts.js";

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const LONG = 4;
const EXIF_HEADER = "Exif\0\0";
const XMP_HEADER = "http://ns.adobe.com/xap/1.0/\0";

/**
 * @param {Uint8Array} bytes a whole encoded picture
 * @returns {number} 1 to 8; 1 when the file says nothing that can be read
 */
export function orientationOf(bytes) {
  const { exif, xmp } = metadataOf(bytes);
  const stated = (exif && orientationInTiff(exif)) ?? (xmp && orientationInXmp(xmp)) ?? 1;
  return stated >= 1 && stated <= 8 ? stated : 1;
}

/**
 * The file without its EXIF blocks, in parts for a Blob: browsers turn pictures by themselves,
 * whatever they are asked, and differ in the formats for which they do.
 * @param {Uint8Array<ArrayBuffer>} bytes a whole encoded picture
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function withoutExif(bytes) {
  const { spans, cut } = metadataOf(bytes);
  if (spans.length === 0) return [bytes];
  if (cut) {
    const starts = [0, ...spans.map(([, end]) => end)];
    const ends = [...spans.map(([start]) => start), bytes.length];
    return starts.map((start, i) => bytes.subarray(start, ends[i]));
  }
  const copy = bytes.slice();
  // "XXXX": a chunk that nobody knows is skipped
  for (const [start] of spans) copy.set([0x58, 0x58, 0x58, 0x58], start);
  return [copy];
}

/**
 * @typedef {object} Metadata
 * @property {Uint8Array} [exif] a TIFF structure
 * @property {Uint8Array} [xmp]
 * @property {[number, number][]} spans where the blocks with EXIF begin and end
 * @property {boolean} cut whether the format allows to leave those blocks out
 */

/** @returns {Metadata} */
function metadataOf(/** @type {Uint8Array} */ bytes) {
  const form = formOf(bytes);
  if (form === "jpeg") return metadataOfJpeg(bytes);
  if (form === "png") return metadataOfPng(bytes);
  return form === "webp" ? metadataOfWebp(bytes) : { spans: [], cut: false };
}

function metadataOfJpeg(/** @type {Uint8Array} */ bytes) {
  /** @type {Metadata} */
  const found = { spans: [], cut: true };
  for (const { kind, body, start, end } of segmentsOfJpeg(bytes)) {
    if (kind !== "\xe1") continue;
    if (textAt(body, 0, EXIF_HEADER)) {
      found.exif ??= body;
      found.spans.push([start, end]);
    } else if (textAt(body, 0, XMP_HEADER)) {
      found.xmp ??= body;
    }
  }
  return found;
}

function metadataOfPng(/** @type {Uint8Array} */ bytes) {
  /** @type {Metadata} */
  const found = { spans: [], cut: true };
  for (const { kind, body, start, end } of chunksOfPng(bytes)) {
    if (kind === "eXIf") {
      found.exif ??= body;
      found.spans.push([start, end]);
    } else if (kind === "iTXt" && textAt(body, 0, "XML:com.adobe.xmp\0")) {
      found.xmp ??= body;
    }
  }
  return found;
}

function metadataOfWebp(/** @type {Uint8Array} */ bytes) {
  /** @type {Metadata} */
  const found = { spans: [], cut: false }; // the size in the file's header counts every chunk
  for (const { kind, body, start, end } of chunksOfWebp(bytes)) {
    if (kind === "EXIF") {
      found.exif ??= body;
      found.spans.push([start, end]);
    } else if (kind === "XMP ") {
      found.xmp ??= body;
    }
  }
  return found;
}

/**
 * The orientation in the first directory of a TIFF structure, an EXIF block being one.
 * @param {Uint8Array} block with or without JPEG's header, which some writers keep elsewhere too
 * @returns {number | undefined} undefined when there is none
 */
function orientationInTiff(block) {
  const tiff = textAt(block, 0, EXIF_HEADER) ? block.subarray(EXIF_HEADER.length) : block;
  const little = textAt(tiff, 0, "II");
  if (tiff.length < 8 || (!little && !textAt(tiff, 0, "MM"))) return undefined;
  const view = viewOf(tiff);
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const type = view.getUint16(at + 2, little);
    if (type === SHORT) return view.getUint16(at + 8, little);
    if (type === LONG) return view.getUint32(at + 8, little);
  }
  return undefined;
}

/** @returns {number | undefined} */
function orientationInXmp(/** @type {Uint8Array} */ xmp) {
  const text = new TextDecoder("latin1").decode(xmp);
  const digit = text.match(/tiff:Orientation(?:="|>)([0-9])/)?.[1];
  return digit === undefined ? undefined : Number(digit);
}
