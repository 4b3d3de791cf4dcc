/**
 * What each engine downloads, and so the order in which they are tried and measured. Bytes are
 * those of the Brotli copies in `static/vendor`; a test holds them against the files.
 */

/** @type {Record<string, number>} */
export const FILE_BYTES = {
  "tfjs-wasm.js": 105_200,
  "tfjs-webgl.js": 143_800,
  "tfjs-webgpu.js": 135_600,
  "tfjs-cpu.js": 104_600,
  "tfjs-backend-wasm-simd.wasm": 106_500,
  "tfjs-backend-wasm-threaded-simd.wasm": 110_700,
  "litert.js": 6_500,
  "litert_wasm_internal.js": 29_800,
  "litert_wasm_internal.wasm": 2_278_900,
};

const LITERT = ["litert.js", "litert_wasm_internal.js", "litert_wasm_internal.wasm"];

/**
 * In the order in which `auto` tries to start them. WebAssembly first: it answers at once on every
 * device measured. WebGL and WebGPU would be 70 KB less, but compile their programs first (a second
 * for the smallest model), and plain JavaScript 107 KB less, but it takes 8 times as long for the
 * digits and 70 times for a MobileNet. They come where WebAssembly is not offered or wrong.
 * @type {Record<string, string[]>}
 */
export const ENGINE_FILES = {
  "tfjs-wasm": ["tfjs-wasm.js", "tfjs-backend-wasm-simd.wasm"],
  "tfjs-webgl": ["tfjs-webgl.js"],
  "tfjs-webgpu": ["tfjs-webgpu.js"],
  "tfjs-cpu": ["tfjs-cpu.js"],
  "tfjs-wasm-threads": ["tfjs-wasm.js", "tfjs-backend-wasm-threaded-simd.wasm"],
  "litertjs-wasm": LITERT,
  "litertjs-webgpu": LITERT,
};

/**
 * @typedef {{id: string, bytes: number}} OfferedVariant
 * @typedef {{variant: string, engine: string}} Candidate
 */

/** What has come so far: files of engines and variants, counted once however many use them. */
export class Downloads {
  /** @type {Set<string>} */
  #have = new Set();
  #variants;

  /** @param {OfferedVariant[]} variants */
  constructor(variants) {
    this.#variants = new Map(variants.map(({ id, bytes }) => [id, bytes]));
  }

  /** Bytes that a candidate needs beside what is here already. */
  missing(/** @type {Candidate} */ candidate) {
    const names = namesOf(candidate).filter((name) => !this.#have.has(name));
    return names.reduce(
      (sum, name) => sum + (FILE_BYTES[name] ?? this.#variants.get(name) ?? 0),
      0,
    );
  }

  add(/** @type {Candidate} */ candidate) {
    for (const name of namesOf(candidate)) this.#have.add(name);
  }
}

function namesOf(/** @type {Candidate} */ { variant, engine }) {
  return [variant, ...ENGINE_FILES[engine]];
}
