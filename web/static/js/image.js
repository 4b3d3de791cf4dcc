/**
 * The input contract, executed in the browser: the twin of `edge/image.py`, to the byte.
 *
 * A picture's rows go through it one by one, as they are stored: nothing larger than the model's
 * image and a few dozen rows is held, and a photograph is never turned. Pure functions of pixels,
 * which run in Node as well; decoding is in `decode.js`.
 * @typedef {import("./types").InputContract} InputContract
 * @typedef {import("./types").Pixels} Pixels
 * @typedef {import("./color.js").Layout} Layout
 * @typedef {import("./fit.js").Size} Size
 * @typedef {import("./resize.js").Row} Row
 */

import { colored, grayOf } from "./color.js";
import { fitted, storedBox, turnOf } from "./fit.js";
import { across, bilinearFilter, down, mirrored, rowOf } from "./resize.js";

const RGBA = { blueFirst: false, opaque: false };

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
  const { width, height, rgba } = pixels;
  const picture = new PictureRows({ width, height }, contract, orientation, RGBA);
  const { left, top, height: rows } = picture.box;
  const words = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
  for (let y = top; y < top + rows; y++) picture.add(words, y * width + left);
  return picture.image();
}

/** A picture that comes in rows, on its way to the model's image. */
export class PictureRows {
  #contract;
  #blueFirst;
  #turn;
  #inner;
  #rows;
  #filled = 0;
  #first;

  /**
   * @param {Size} size of the stored picture
   * @param {InputContract} contract
   * @param {number} orientation EXIF orientation, 1 to 8
   * @param {Layout} layout of its pixels
   */
  constructor(size, contract, orientation, layout) {
    const gray = contract.color === "gray";
    const turn = turnOf(orientation);
    const { width, height } = size;
    const upright = turn.swapped ? { width: height, height: width } : { width, height };
    const { box, inner } = fitted(upright, contract);
    // horizontal first: that is down the stored picture where its rows are upright columns
    const horizontal = bilinearFilter(box.width, inner.width);
    const vertical = bilinearFilter(box.height, inner.height);
    const [alongX, alongY] = turn.swapped ? [vertical, horizontal] : [horizontal, vertical];
    /** The part of the stored picture whose rows are to be given. */
    this.box = storedBox(box, size, turn);
    const x = turn.backX ? mirrored(alongX, this.box.width) : alongX;
    const y = turn.backY ? mirrored(alongY, this.box.height) : alongY;
    const keep = (/** @type {Row} */ row) => this.#keep(row);
    const passes = turn.swapped
      ? down(y, this.box.width, gray, across(x, gray, keep))
      : across(x, gray, down(y, x.starts.length, gray, keep));
    this.#first = colored(contract, layout, this.box.width, passes);
    this.#rows = rowOf(gray, inner.width * inner.height);
    this.#contract = contract;
    this.#blueFirst = layout.blueFirst;
    this.#turn = turn;
    this.#inner = inner;
  }

  /**
   * Takes the next row of `box`.
   * @param {Uint32Array} pixels
   * @param {number} at the row's first pixel
   */
  add(pixels, at) {
    this.#first(pixels, at);
  }

  /** The model's image, after the last row. */
  image() {
    const { width, height } = this.#inner;
    if (this.#filled !== width * height) {
      throw new Error(`expected ${this.box.height} rows of a picture, got fewer`);
    }
    return padded(this.#upright(), this.#inner, this.#contract);
  }

  #keep(/** @type {Row} */ row) {
    this.#rows.set(row, this.#filled);
    this.#filled += row.length;
  }

  /** The image that was kept as the picture is stored, turned, as bytes. */
  #upright() {
    const { backX, backY, swapped } = this.#turn;
    const { width, height } = this.#inner;
    const [storedWidth, storedHeight] = swapped ? [height, width] : [width, height];
    const channels = channelsOf(this.#contract);
    const shifts = channels === 1 ? [0] : this.#blueFirst ? [16, 8, 0] : [0, 8, 16];
    const image = new Uint8Array(this.#rows.length * channels);
    let from = 0;
    for (let y = 0; y < storedHeight; y++) {
      const toY = backY ? storedHeight - 1 - y : y;
      for (let x = 0; x < storedWidth; x++, from++) {
        const toX = backX ? storedWidth - 1 - x : x;
        const to = (swapped ? toX * width + toY : toY * width + toX) * channels;
        for (let c = 0; c < channels; c++) image[to + c] = this.#rows[from] >>> shifts[c];
      }
    }
    return image;
  }
}

/** The image in the middle of a canvas of the contract's background, where it is smaller. */
function padded(
  /** @type {Uint8Array} */ image,
  /** @type {Size} */ inner,
  /** @type {InputContract} */ contract,
) {
  if (inner.width === contract.width && inner.height === contract.height) return image;
  const channels = channelsOf(contract);
  const fill = channels === 1 ? [grayOf(contract.background)] : contract.background;
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
