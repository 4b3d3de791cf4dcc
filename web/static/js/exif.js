/**
 * The orientation that EXIF or XMP states, read by our own code so that it is the same in every
 * browser and on devices: the twin of `edge/pictures/orientation.py`.
 */

import { textAt, viewOf } from "./parts.js";

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const LONG = 4;
const EXIF_HEADER = "Exif\0\0";

/**
 * @param {Uint8Array} [exif] a TIFF structure
 * @param {Uint8Array} [xmp] counts only where EXIF does not say
 * @returns {number} 1 to 8; 1 when nothing that can be read says another
 */
export function orientationOf(exif, xmp) {
  const stated = (exif && orientationInTiff(exif)) ?? (xmp && orientationInXmp(xmp)) ?? 1;
  return stated >= 1 && stated <= 8 ? stated : 1;
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
