/**
 * Stands in for `@litertjs/wasm-utils`, whose loader needs a `<script>` or a classic worker's
 * `importScripts`; ours is a module worker. The build makes modules of LiteRT.js' loaders.
 */

/**
 * @param {new (module: unknown) => unknown} wrapper
 * @param {string} loader URL of the Emscripten loader
 */
export async function createWasmLib(wrapper, loader) {
  const { default: moduleFactory } = await import(loader);
  return new wrapper(
    await moduleFactory({ locateFile: (/** @type {string} */ name) => new URL(name, loader).href }),
  );
}
