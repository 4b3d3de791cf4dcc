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
  const module = await moduleFactory({
    locateFile: (/** @type {string} */ name) => new URL(name, loader).href,
    // it warns of everything that this machine lacks, NPUs for one; what fails throws
    print: () => undefined,
    printErr: (/** @type {string} */ line) => {
      if (!/^(INFO|VERBOSE|WARNING)/.test(line)) console.warn(line);
    },
  });
  return new wrapper(module);
}
