/**
 * How the handwriting of a data set lies in its images, measured on the golden ones, so that a
 * drawing can be placed in the same way: MNIST keeps a margin of 4 pixels and centres the mass,
 * scikit-learn's digits fill their 8 rows, and neither is written down in the model.
 */

/**
 * @typedef {object} InkStyle all lengths as shares of the image's height
 * @property {number} paper the background, 0 to 255
 * @property {number} ink the strokes, 0 to 255
 * @property {number} size the longer side of the box around the strokes
 * @property {number} thickness of a stroke
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {Point[]} Stroke
 */

// a digit's strokes are about this many times as long as the box around it is high
const STROKE_LENGTH = 2.2;
// a short line such as a 1 may be this much thicker: where a data set was scaled digit by digit
// (scikit-learn's), every digit holds about the same amount of ink
const THICKEST = 1.6;

/**
 * @param {Uint8Array} images N x height x width, one channel
 * @param {number} height
 * @param {number} width
 * @returns {InkStyle}
 */
export function inkStyle(images, height, width) {
  const count = images.length / (height * width);
  const sizes = [];
  const thicknesses = [];
  const paper = median(borderOf(images, height, width, count)) < 128 ? 0 : 255;
  for (let i = 0; i < count; i++) {
    const image = images.subarray(i * height * width, (i + 1) * height * width);
    const { box, mass } = inkOf(image, height, width, paper);
    if (mass === 0) continue;
    const size = Math.max(box.width, box.height);
    sizes.push(size / height);
    thicknesses.push(mass / (STROKE_LENGTH * size) / height);
  }
  return {
    paper,
    ink: 255 - paper,
    size: Math.min(1, median(sizes)),
    thickness: Math.min(0.25, Math.max(1 / height / 2, median(thicknesses))),
  };
}

/**
 * The strokes, scaled and moved so that they lie as the data set's do: the box has the usual
 * size, the mass is in the middle as far as the box stays inside.
 * @param {Stroke[]} strokes in any unit
 * @param {InkStyle} style
 * @param {number} side of the square picture to draw into
 * @returns {Stroke[]}
 */
export function placed(strokes, style, side) {
  const points = strokes.flat();
  const left = Math.min(...points.map((p) => p.x));
  const top = Math.min(...points.map((p) => p.y));
  const width = Math.max(...points.map((p) => p.x)) - left;
  const height = Math.max(...points.map((p) => p.y)) - top;
  // the line's own thickness belongs to the box
  const room = (style.size - style.thickness) * side;
  const scale = room / Math.max(width, height, 1e-6);
  // a dot stays a dot
  const factor = Math.max(width, height) < 1e-3 ? 1 : scale;
  const center = massCenter(strokes);
  const edge = (style.thickness * side) / 2;
  const shift = (
    /** @type {number} */ from,
    /** @type {number} */ mass,
    /** @type {number} */ length,
  ) => {
    const wanted = side / 2 - (mass - from) * factor;
    return Math.max(edge, Math.min(side - edge - length * factor, wanted));
  };
  const dx = shift(left, center.x, width);
  const dy = shift(top, center.y, height);
  return strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({ x: (x - left) * factor + dx, y: (y - top) * factor + dy })),
  );
}

/**
 * How thick the placed strokes are to be drawn, so that they hold as much ink as the data set's.
 * @param {Stroke[]} strokes as `placed` gave them
 * @param {InkStyle} style
 * @param {number} side
 * @returns {number} in the unit of `side`
 */
export function lineWidth(strokes, style, side) {
  let length = 0;
  for (const stroke of strokes) {
    for (let i = 1; i < stroke.length; i++) {
      length += Math.hypot(stroke[i].x - stroke[i - 1].x, stroke[i].y - stroke[i - 1].y);
    }
  }
  const usual = STROKE_LENGTH * style.size * side;
  const factor = Math.min(THICKEST, Math.max(1, usual / Math.max(length, 1e-6)));
  return style.thickness * side * factor;
}

/** Every piece of line weighs its length. @returns {Point} */
function massCenter(/** @type {Stroke[]} */ strokes) {
  let x = 0;
  let y = 0;
  let total = 0;
  for (const stroke of strokes) {
    for (const [i, point] of stroke.entries()) {
      const before = stroke[Math.max(0, i - 1)];
      const length = Math.hypot(point.x - before.x, point.y - before.y) + 1e-6;
      x += ((point.x + before.x) / 2) * length;
      y += ((point.y + before.y) / 2) * length;
      total += length;
    }
  }
  return { x: x / total, y: y / total };
}

function inkOf(
  /** @type {Uint8Array} */ image,
  /** @type {number} */ height,
  /** @type {number} */ width,
  /** @type {number} */ paper,
) {
  let mass = 0;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ink = Math.abs(image[y * width + x] - paper) / 255;
      mass += ink;
      if (ink < 0.25) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return { box: { width: right - left + 1, height: bottom - top + 1 }, mass: right < 0 ? 0 : mass };
}

function borderOf(
  /** @type {Uint8Array} */ images,
  /** @type {number} */ height,
  /** @type {number} */ width,
  /** @type {number} */ count,
) {
  const values = [];
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      values.push(images[(i * height + y) * width], images[(i * height + y) * width + width - 1]);
    }
  }
  return values;
}

function median(/** @type {number[]} */ values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
