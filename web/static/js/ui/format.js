/** Figures as people read them. */

/** @param {number} share 0 to 1 */
export function percent(share) {
  if (!Number.isFinite(share)) return "not a number";
  // 100 % and 0 % only when it is exactly that
  if (share > 0.999 && share < 1) return "> 99.9 %";
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return `${(share * 100).toFixed(1)} %`;
}

/** @param {number} ms */
export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** @param {number} bytes */
export function kilobytes(bytes) {
  return bytes < 1e6
    ? `${Math.max(1, Math.round(bytes / 1e3))} KB`
    : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {number} value an error, as one significant digit and a power */
export function scientific(value) {
  return value === 0 ? "0" : value.toExponential(0);
}

/** @param {number} share a limit: said as it is, not rounded to another */
export function limit(share) {
  return `${Number((share * 100).toPrecision(3))} %`;
}
