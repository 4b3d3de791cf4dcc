/** NumPy's `.npy` files (versions 1 to 3), for the plain types that bundles hold. */

/** @type {Record<string, (bytes: ArrayBuffer) => import("./types").TensorData>} */
const TYPES = {
  "|u1": (bytes) => new Uint8Array(bytes),
  "<f4": (bytes) => new Float32Array(bytes),
  "<i4": (bytes) => new Int32Array(bytes),
  // engines know no 64-bit integers; class indices and tokens fit into 32 bits
  "<i8": (bytes) => Int32Array.from(new BigInt64Array(bytes), Number),
};

/**
 * @param {Uint8Array} bytes a whole file
 * @param {string} name of the file, for messages
 * @returns {import("./types").Tensor}
 */
export function arrayFromNpy(bytes, name) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d) {
    throw new Error(`${name}: expected a .npy array, got something else; convert the model again`);
  }
  const wide = bytes[6] >= 2;
  const start = wide ? 12 : 10;
  const headerBytes = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(start, start + headerBytes));
  const dtype = header.match(/'descr':\s*'([^']+)'/)?.[1] ?? "";
  const dims = header.match(/'shape':\s*\(([\d,\s]*)\)/)?.[1];
  if (!(dtype in TYPES) || dims === undefined || /'fortran_order':\s*True/.test(header)) {
    throw new Error(
      `${name}: expected uint8, int32, int64 or float32 in C order, got ${header.trim()}`,
    );
  }
  const shape = dims
    .split(",")
    .filter((d) => d.trim())
    .map(Number);
  // the data may begin at any byte; typed arrays want their own alignment, so copy
  const data = TYPES[dtype](bytes.slice(start + headerBytes).buffer);
  const count = shape.reduce((a, b) => a * b, 1);
  if (data.length !== count) {
    throw new Error(`${name}: expected ${count} values for shape (${shape}), got ${data.length}`);
  }
  return { shape, data };
}
