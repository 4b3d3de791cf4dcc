/**
 * Rows of pixels as a file or a canvas holds them to rows of opaque colours or of grays.
 * @typedef {import("./types").InputContract} InputContract
 * @typedef {import("./resize.js").Step} Step
 */

/**
 * How a source stores a pixel in 32 bits: three colours from the lowest 8 bits on, then alpha.
 * @typedef {{blueFirst: boolean, opaque: boolean}} Layout `opaque`: alpha is to be ignored
 */

const OPAQUE = 0xff000000;
// Pillow's ITU-R 601-2 luma in 16-bit fixed point
const RED = 19595;
const GREEN = 38470;
const BLUE = 7471;

/**
 * @param {InputContract} contract
 * @param {Layout} layout
 * @param {number} width of the rows
 * @param {Step} next
 * @returns {Step}
 */
export function colored(contract, layout, width, next) {
  const colors = contract.color === "gray" ? grays(layout, width, next) : next;
  return layout.opaque ? colors : flattened(contract, layout, width, colors);
}

/** @returns {Step} */
function grays(
  /** @type {Layout} */ { blueFirst },
  /** @type {number} */ width,
  /** @type {Step} */ next,
) {
  const out = new Uint8Array(width);
  const first = blueFirst ? BLUE : RED;
  const third = blueFirst ? RED : BLUE;
  return (row, at) => {
    for (let x = 0; x < width; x++) out[x] = luma(row[at + x], first, third);
    next(out, 0);
  };
}

function luma(
  /** @type {number} */ pixel,
  /** @type {number} */ first,
  /** @type {number} */ third,
) {
  const outer = Math.imul(first, pixel & 255) + Math.imul(third, (pixel >>> 16) & 255);
  return (outer + Math.imul(GREEN, (pixel >>> 8) & 255) + 0x8000) >> 16;
}

/** The luma of three channels. */
export function grayOf(/** @type {number[]} */ [red, green, blue]) {
  return luma(red | (green << 8) | (blue << 16), RED, BLUE);
}

/** Over the contract's background; a row without alpha goes on as it is. @returns {Step} */
function flattened(
  /** @type {InputContract} */ { background },
  /** @type {Layout} */ { blueFirst },
  /** @type {number} */ width,
  /** @type {Step} */ next,
) {
  const out = new Uint32Array(width);
  const [first, second, third] = blueFirst ? [...background].reverse() : background;
  return (row, at) => {
    let all = OPAQUE;
    for (let x = 0; x < width; x++) all &= row[at + x];
    if (all === (OPAQUE | 0)) return next(row, at);
    for (let x = 0; x < width; x++) {
      const pixel = row[at + x];
      const alpha = pixel >>> 24;
      out[x] =
        over(pixel & 255, first, alpha) |
        (over((pixel >>> 8) & 255, second, alpha) << 8) |
        (over((pixel >>> 16) & 255, third, alpha) << 16);
    }
    next(out, 0);
  };
}

/** `(c a + b (255 - a) + 127) // 255` */
function over(
  /** @type {number} */ color,
  /** @type {number} */ behind,
  /** @type {number} */ alpha,
) {
  return ((color * alpha + behind * (255 - alpha) + 127) / 255) | 0;
}
