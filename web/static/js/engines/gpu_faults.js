/**
 * What the graphics card refused to do. It says so in an event only: a WebGPU program that does not
 * compile raises no exception, and reading its output gives zeros; after a lost WebGL context
 * TensorFlow.js waits for its answer for ever.
 */

/** @typedef {import("../types").Faults} Faults */

/**
 * Watches a device from now on.
 * @param {any} device a GPUDevice
 * @returns {Faults}
 */
export function faultsOfDevice(device) {
  const { note, faults } = noted();
  device.addEventListener("uncapturederror", (/** @type {any} */ { error }) => {
    note(`WebGPU refused a program: ${error.message.split("\n")[0]}`);
  });
  device.lost.then((/** @type {any} */ { message }) => {
    note(`WebGPU lost its device: ${message || "no reason given"}`);
  });
  return faults;
}

/**
 * Watches a WebGL context from now on.
 * @param {WebGL2RenderingContext} gl
 * @returns {Faults}
 */
export function faultsOfContext(gl) {
  const { note, faults } = noted();
  gl.canvas.addEventListener("webglcontextlost", (event) => {
    const { statusMessage } = /** @type {WebGLContextEvent} */ (event);
    note(`WebGL lost its context: ${statusMessage || "the graphics card took it away"}`);
  });
  return faults;
}

function noted() {
  /** @type {string | null} */
  let first = null;
  /** @type {((fault: string) => void) | null} */
  let listener = null;
  return {
    note(/** @type {string} */ fault) {
      first ??= fault;
      listener?.(fault);
    },
    /** @type {Faults} */
    faults: {
      first: () => first,
      tell(listen) {
        listener = listen;
      },
    },
  };
}
