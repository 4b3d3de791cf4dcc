/**
 * Which part of a picture goes where in the model's image: the contract's `fit`, and the turn that
 * EXIF states. Integers only.
 * @typedef {import("./types").InputContract} InputContract
 * @typedef {{width: number, height: number}} Size
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 */

/**
 * @param {Size} upright the picture
 * @param {InputContract} contract
 * @returns {{box: Box, inner: Size}} the part of the upright picture, and what it is resized to
 */
export function fitted({ width, height }, contract) {
  const target = { width: contract.width, height: contract.height };
  const whole = { left: 0, top: 0, width, height };
  const wider = width * target.height > height * target.width;
  if (contract.fit === "stretch") return { box: whole, inner: target };
  if (contract.fit === "crop") {
    return { box: cropBox({ width, height }, target, wider), inner: target };
  }
  return { box: whole, inner: paddedSize({ width, height }, target, wider) };
}

/** The centred part of the picture that has the target's aspect ratio. @returns {Box} */
function cropBox(
  /** @type {Size} */ { width, height },
  /** @type {Size} */ target,
  /** @type {boolean} */ wider,
) {
  if (wider) {
    const kept = Math.max(1, Math.floor((height * target.width) / target.height));
    return { left: (width - kept) >> 1, top: 0, width: kept, height };
  }
  const kept = Math.max(1, Math.floor((width * target.height) / target.width));
  return { left: 0, top: (height - kept) >> 1, width, height: kept };
}

/** The size that the whole picture takes inside the target, halves rounded up. @returns {Size} */
function paddedSize(
  /** @type {Size} */ { width, height },
  /** @type {Size} */ target,
  /** @type {boolean} */ wider,
) {
  if (wider) {
    const rows = Math.floor((2 * height * target.width + width) / (2 * width));
    return { width: target.width, height: Math.max(1, rows) };
  }
  const columns = Math.floor((2 * width * target.height + height) / (2 * height));
  return { width: Math.max(1, columns), height: target.height };
}

/**
 * What an EXIF orientation says of the stored picture: its columns, its rows run backwards; rows
 * and columns change places.
 * @param {number} orientation 1 to 8; anything else means 1, as in Pillow
 */
export function turnOf(orientation) {
  return {
    backX: [2, 3, 7, 8].includes(orientation),
    backY: [3, 4, 6, 7].includes(orientation),
    swapped: orientation >= 5 && orientation <= 8,
  };
}

/** @typedef {ReturnType<typeof turnOf>} Turn */

/** Where a box of the upright picture lies in the stored one of this size. @returns {Box} */
export function storedBox(
  /** @type {Box} */ box,
  /** @type {Size} */ size,
  /** @type {Turn} */ { backX, backY, swapped },
) {
  const { left, top, width, height } = swapped
    ? { left: box.top, top: box.left, width: box.height, height: box.width }
    : box;
  return {
    left: backX ? size.width - left - width : left,
    top: backY ? size.height - top - height : top,
    width,
    height,
  };
}
