/**
 * An encoded picture, which is hostile input, to the model's image: the twin of `image_from_file`
 * in `edge/image.py`.
 */

import { checkHeader, checkSize } from "./header.js";
import { PictureRows } from "./image.js";
import { plain } from "./plain.js";
import { bitmapOf, stripsOf } from "./strips.js";

const STRIP_PIXELS = 1 << 18; // 1 MB, which stays in the processor's cache

/**
 * The model's image (height x width x channels, uint8) of an encoded picture.
 * @param {Uint8Array<ArrayBuffer>} bytes a whole encoded picture
 * @param {import("./types").InputContract} contract
 * @returns {Promise<Uint8Array>}
 * @throws no picture, one that this browser cannot decode, or one that would take too much memory
 */
export async function imageFromFile(bytes, contract) {
  checkHeader(bytes);
  const { pieces, orientation } = plain(bytes);
  const bitmap = await decoded(new Blob(pieces));
  try {
    checkSize(bitmap.width, bitmap.height);
    return await imageFromBitmap(bitmap, contract, orientation);
  } finally {
    bitmap.close();
  }
}

/** @returns {Promise<ImageBitmap>} */
async function decoded(/** @type {Blob} */ file) {
  try {
    return await bitmapOf(file);
  } catch (error) {
    throw new Error(
      "expected a picture that this browser can decode (PNG, JPEG, WebP, ...), got something else",
      { cause: error },
    );
  }
}

/**
 * The model's image of a decoded picture, which stays the caller's. It is read some rows at a time.
 * @param {ImageBitmap} bitmap
 * @param {import("./types").InputContract} contract
 * @param {number} orientation EXIF orientation, 1 to 8
 * @returns {Promise<Uint8Array>}
 */
export async function imageFromBitmap(bitmap, contract, orientation = 1) {
  const strips = await stripsOf(bitmap);
  try {
    const picture = new PictureRows(bitmap, contract, orientation, strips.layout);
    const { left, top, width, height } = picture.box;
    const rowsAtOnce = Math.max(1, Math.floor(STRIP_PIXELS / width));
    for (let y = 0; y < height; y += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, height - y);
      const strip = await strips.read({ left, top: top + y, width, height: rows });
      for (let row = 0; row < rows; row++) picture.add(strip, row * width);
    }
    return picture.image();
  } finally {
    strips.close();
  }
}
