/**
 * The input contract, executed in the browser: the twin of `edge/image.py`, to the byte.
 *
 * Pure functions of pixels; they run in Node as well. Decoding is in `decode.js`.
 * @typedef {import("./types").InputContract} InputContract
 * @typedef {import("./types").Pixels} Pixels
 */

import { bilinearFilter, filterColumns, filterRow } from "./resize.js";

/** @param {InputContract} contract */
export function channelsOf(contract) {
  return contract.color === "gray" ? 1 : 3;
}

/**
 * The model's image (height x width x channels, uint8) of a decoded picture.
 * @param {Pixels} pixels as the file stores them
 * @param {InputContract} contract
 * @param {number} orientation EXIF orientation, 1 to 8
 * @returns {Uint8Array}
 */
export function imageFromPixels(pixels, contract, orientation = 1) {
  return fitted(oriented(pixels, orientation), contract);
}

/**
 * Turns the picture as the EXIF orientation says.
 * @param {Pixels} pixels
 * @param {number} orientation 1 to 8; anything else means 1, as in Pillow
 * @returns {Pixels}
 */
export function oriented({ width, height, rgba }, orientation) {
  if (!(orientation >= 2 && orientation <= 8)) return { width, height, rgba };
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  // where the stored picture's column and row go: mirrored or not, then swapped or not
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const source = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
  const target = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const toY = mirrorY ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const toX = mirrorX ? width - 1 - x : x;
      target[swapped ? toX * outWidth + toY : toY * outWidth + toX] = source[y * width + x];
    }
  }
  return { width: outWidth, height: outHeight, rgba: new Uint8Array(target.buffer) };
}

/**
 * @param {Pixels} pixels
 * @param {InputContract} contract
 * @returns {Uint8Array}
 */
function fitted(pixels, contract) {
  const { width: targetWidth, height: targetHeight, fit } = contract;
  const whole = { left: 0, top: 0, width: pixels.width, height: pixels.height };
  if (fit === "stretch") return resized(pixels, whole, targetWidth, targetHeight, contract);
  if (fit === "crop") {
    const box = cropBox(whole, targetWidth, targetHeight);
    return resized(pixels, box, targetWidth, targetHeight, contract);
  }
  const inner = paddedSize(whole, targetWidth, targetHeight);
  const image = resized(pixels, whole, inner.width, inner.height, contract);
  return padded(image, inner, contract);
}

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

/** The centred part of the picture that has the target's aspect ratio. Integers only. */
function cropBox(
  /** @type {Box} */ { width, height },
  /** @type {number} */ targetWidth,
  /** @type {number} */ targetHeight,
) {
  if (width * targetHeight > height * targetWidth) {
    const kept = Math.max(1, Math.floor((height * targetWidth) / targetHeight));
    return { left: (width - kept) >> 1, top: 0, width: kept, height };
  }
  const kept = Math.max(1, Math.floor((width * targetHeight) / targetWidth));
  return { left: 0, top: (height - kept) >> 1, width, height: kept };
}

/** The size that the whole picture takes inside the target, halves rounded up. */
function paddedSize(
  /** @type {Box} */ { width, height },
  /** @type {number} */ targetWidth,
  /** @type {number} */ targetHeight,
) {
  if (width * targetHeight > height * targetWidth) {
    const rows = Math.floor((2 * height * targetWidth + width) / (2 * width));
    return { width: targetWidth, height: Math.max(1, rows) };
  }
  const columns = Math.floor((2 * width * targetHeight + height) / (2 * height));
  return { width: Math.max(1, columns), height: targetHeight };
}

/** The image in the middle of a canvas of the contract's background. */
function padded(
  /** @type {Uint8Array} */ image,
  /** @type {{width: number, height: number}} */ inner,
  /** @type {InputContract} */ contract,
) {
  const channels = channelsOf(contract);
  const [red, green, blue] = contract.background;
  const fill = contract.color === "gray" ? [luma(red, green, blue)] : contract.background;
  const canvas = new Uint8Array(contract.width * contract.height * channels);
  for (let i = 0; i < canvas.length; i++) canvas[i] = fill[i % channels];
  const left = (contract.width - inner.width) >> 1;
  const top = (contract.height - inner.height) >> 1;
  const rowBytes = inner.width * channels;
  for (let y = 0; y < inner.height; y++) {
    const row = image.subarray(y * rowBytes, (y + 1) * rowBytes);
    canvas.set(row, ((top + y) * contract.width + left) * channels);
  }
  return canvas;
}

/**
 * Part of the picture, flattened, in the contract's colours, at another size. Works row by row,
 * so that a large photograph is never held twice.
 */
function resized(
  /** @type {Pixels} */ pixels,
  /** @type {Box} */ box,
  /** @type {number} */ width,
  /** @type {number} */ height,
  /** @type {InputContract} */ contract,
) {
  const channels = channelsOf(contract);
  const across = box.width === width ? null : bilinearFilter(box.width, width);
  const down = box.height === height ? null : bilinearFilter(box.height, height);
  const firstRow = down ? down.starts[0] : 0;
  const endRow = down ? down.starts[height - 1] + down.counts[height - 1] : height;
  const rowBytes = width * channels;
  const rows = new Uint8Array((endRow - firstRow) * rowBytes);
  const source = new Uint8Array(box.width * channels);
  for (let y = firstRow; y < endRow; y++) {
    colorRow(pixels, box.left, box.top + y, box.width, contract, source);
    const at = (y - firstRow) * rowBytes;
    if (across) filterRow(source, channels, across, rows, at);
    else rows.set(source, at);
  }
  return down ? filterColumns(rows, rowBytes, down, firstRow) : rows;
}

/** One row of the picture without alpha, as gray or RGB bytes. */
function colorRow(
  /** @type {Pixels} */ { width, rgba },
  /** @type {number} */ left,
  /** @type {number} */ y,
  /** @type {number} */ count,
  /** @type {InputContract} */ contract,
  /** @type {Uint8Array} */ out,
) {
  const gray = contract.color === "gray";
  const [backRed, backGreen, backBlue] = contract.background;
  let at = 0;
  for (let from = (y * width + left) * 4, end = from + count * 4; from < end; from += 4) {
    const alpha = rgba[from + 3];
    let red = rgba[from];
    let green = rgba[from + 1];
    let blue = rgba[from + 2];
    if (alpha !== 255) {
      red = over(red, backRed, alpha);
      green = over(green, backGreen, alpha);
      blue = over(blue, backBlue, alpha);
    }
    if (gray) {
      out[at++] = luma(red, green, blue);
    } else {
      out[at] = red;
      out[at + 1] = green;
      out[at + 2] = blue;
      at += 3;
    }
  }
}

/** `(c a + b (255 - a) + 127) // 255` */
function over(
  /** @type {number} */ color,
  /** @type {number} */ behind,
  /** @type {number} */ alpha,
) {
  return ((color * alpha + behind * (255 - alpha) + 127) / 255) | 0;
}

/** Pillow's ITU-R 601-2 luma in 16-bit fixed point. */
function luma(/** @type {number} */ red, /** @type {number} */ green, /** @type {number} */ blue) {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}
