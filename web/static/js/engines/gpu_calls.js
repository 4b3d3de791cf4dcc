/**
 * Counts the programs that the browser's graphics interfaces were asked to run.
 *
 * Libraries fall back: TensorFlow.js answers small tensors on the CPU, LiteRT.js runs a whole model
 * in WebAssembly when WebGPU lacks one operation. Answers do not show it, and neither does what a
 * library says of itself, so the interfaces themselves are counted.
 */

/** @type {[string, string[]][]} */
const INTERFACES = [
  ["WebGL2RenderingContext", ["drawArrays", "drawElements"]],
  ["WebGLRenderingContext", ["drawArrays", "drawElements"]],
  ["GPUComputePassEncoder", ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"]],
];

let calls = 0;
let isCounting = false;

/** Calls since counting began in this realm; begins it. */
export function gpuCalls() {
  if (!isCounting) startCounting();
  return calls;
}

function startCounting() {
  isCounting = true;
  for (const [name, methods] of INTERFACES) {
    const prototype = /** @type {any} */ (globalThis)[name]?.prototype;
    for (const method of prototype ? methods : []) {
      const original = prototype[method];
      prototype[method] = function (/** @type {unknown[]} */ ...given) {
        calls += 1;
        return original.apply(this, given);
      };
    }
  }
}
