/**
 * What WebGPU refused to do. It says so in an event only: a program that does not compile raises no
 * exception, and reading its output gives zeros.
 */

/**
 * Watches a device from now on.
 * @param {any} device a GPUDevice
 * @returns {() => string | null} the first fault since, null while there is none
 */
export function faultsOf(device) {
  /** @type {string | null} */
  let first = null;
  device.addEventListener("uncapturederror", (/** @type {any} */ { error }) => {
    first ??= `WebGPU refused a program: ${error.message.split("\n")[0]}`;
  });
  device.lost.then((/** @type {any} */ { message }) => {
    first ??= `WebGPU lost its device: ${message || "no reason given"}`;
  });
  return () => first;
}
