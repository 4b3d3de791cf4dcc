/**
 * Pillow's antialiased bilinear resize of 8-bit pixels, to the byte.
 *
 * The arithmetic is that of Pillow's `Resample.c`: a triangle filter that widens with the
 * reduction, its weights normalised in double precision and rounded to 22 fractional bits, a
 * horizontal pass into 8-bit values and then a vertical one; a pass that would not change the
 * size does not take place.
 */

const FRACTION_BITS = 22;
const ONE = 1 << FRACTION_BITS;
const HALF = 1 << (FRACTION_BITS - 1);

/**
 * One pass's weights: output `i` reads `counts[i]` pixels from `starts[i]` on, with the weights
 * from `i * stride` on.
 * @typedef {{starts: Int32Array, counts: Int32Array, weights: Int32Array, stride: number}} Filter
 */

/**
 * @param {number} from source length in pixels
 * @param {number} to target length in pixels
 * @returns {Filter}
 */
export function bilinearFilter(from, to) {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const perPixel = 1 / support;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const row = new Float64Array(stride);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const distance = Math.abs((k + start - center + 0.5) * perPixel);
      row[k] = distance < 1 ? 1 - distance : 0;
      sum += row[k];
    }
    for (let k = 0; k < count; k++) {
      weights[i * stride + k] = Math.trunc(0.5 + (sum === 0 ? row[k] : row[k] / sum) * ONE);
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, weights, stride };
}

/**
 * Filters one row of interleaved pixels.
 * @param {Uint8Array} row the source row
 * @param {number} channels
 * @param {Filter} filter
 * @param {Uint8Array} out where the result goes
 * @param {number} at first byte of the result in `out`
 */
export function filterRow(row, channels, { starts, counts, weights, stride }, out, at) {
  for (let x = 0; x < starts.length; x++) {
    const first = starts[x] * channels;
    for (let c = 0; c < channels; c++) {
      let sum = HALF;
      for (let k = 0, from = first + c; k < counts[x]; k++, from += channels) {
        sum += row[from] * weights[x * stride + k];
      }
      out[at++] = clipped(sum >> FRACTION_BITS);
    }
  }
}

/**
 * Filters the columns of an image.
 * @param {Uint8Array} rows the source, `width * channels` bytes a row
 * @param {number} rowBytes
 * @param {Filter} filter
 * @param {number} firstRow which source row `rows` begins with
 * @returns {Uint8Array}
 */
export function filterColumns(rows, rowBytes, { starts, counts, weights, stride }, firstRow) {
  const out = new Uint8Array(starts.length * rowBytes);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[y]; k++) {
      const weight = weights[y * stride + k];
      const from = (starts[y] - firstRow + k) * rowBytes;
      for (let i = 0; i < rowBytes; i++) sums[i] += rows[from + i] * weight;
    }
    for (let i = 0; i < rowBytes; i++) out[y * rowBytes + i] = clipped(sums[i] >> FRACTION_BITS);
  }
  return out;
}

/** Weights are rounded one by one, so a sum can pass 255 by the last bit. */
function clipped(/** @type {number} */ value) {
  return value > 255 ? 255 : value;
}
