/** LiteRT.js as an engine: the same .tflite files that boards run. */

import * as vendor from "../vendor.js";
import { float32 } from "./float32.js";
import { gpuCalls } from "./gpu_calls.js";
import { faultsOfDevice } from "./gpu_faults.js";
import { EngineUnavailable } from "../failures.js";

/**
 * @typedef {import("../types").Engine} Engine
 * @typedef {import("../types").Model} Model
 * @typedef {import("../types").Tensor} Tensor
 * @typedef {import("../types").Variant} Variant
 * @typedef {typeof import("../../../vendor/litert.js")} Litert
 * @typedef {import("@litertjs/core").CompiledModel} CompiledModel
 * @typedef {import("@litertjs/core").Tensor} LitertTensor
 */

/** What its tensors can hold; files with int8 or int16 tensors stay with boards. */
const DTYPES = ["float32", "int32", "uint8"];

/**
 * @param {"wasm" | "webgpu"} accelerator
 * @returns {Promise<Engine>}
 */
export async function litertEngine(accelerator) {
  const litert = await vendor.litert();
  if (accelerator === "webgpu") await requireAdapter();
  if (!globalThis.WebAssembly) {
    throw new EngineUnavailable("this browser does not offer WebAssembly; choose another engine");
  }
  const runtime = await litert.loadLiteRt(vendor.VENDOR_URL).catch(async (error) => {
    await vendor.requireFile("litert_wasm_internal.js");
    throw error;
  });
  const options = accelerator === "webgpu" ? {} : { webGpuDevice: null };
  runtime.setDefaultEnvironment(await litert.Environment.create(options));
  /** @type {Set<LitertTensor>} */
  const live = new Set();
  return {
    name: `litertjs-${accelerator}`,
    version: `LiteRT.js ${litert.version}`,
    liveTensors: () => live.size,
    faults: accelerator === "webgpu" ? faultsOfDevice(runtime.getWebGpuDevice()) : null,
    gpuCalls: accelerator === "webgpu" ? gpuCalls : null,
    async load(variant, files) {
      requireDtypes(variant);
      const bytes = files.get(variant.entry);
      if (!bytes) throw new Error(`expected ${variant.entry} in the manifest, got none`);
      // float32, as every other engine: half precision would be another model
      const compiled = await runtime.loadAndCompile(bytes, {
        accelerator,
        gpuOptions: { precision: "fp32" },
      });
      if (accelerator === "webgpu" && !compiled.isFullyAccelerated) {
        compiled.delete();
        throw new EngineUnavailable(
          `LiteRT.js has some operations of ${variant.id} in WebAssembly only; choose litertjs-wasm`,
        );
      }
      return model(litert, variant, compiled, live);
    },
  };
}

async function requireAdapter() {
  const gpu = /** @type {any} */ (globalThis.navigator).gpu;
  if (!(await gpu?.requestAdapter())) {
    throw new EngineUnavailable("this browser does not offer WebGPU here; choose another engine");
  }
}

function requireDtypes(/** @type {Variant} */ variant) {
  const other = [...variant.inputs, ...variant.outputs].find(
    ({ dtype }) => !DTYPES.includes(dtype),
  );
  if (other) {
    throw new EngineUnavailable(
      `LiteRT.js has tensors of ${DTYPES.join(", ")}, got ${other.dtype} (${other.name}) in ` +
        `${variant.id}; choose another variant`,
    );
  }
}

/**
 * @param {Litert} litert
 * @param {Variant} variant
 * @param {CompiledModel} compiled
 * @param {Set<LitertTensor>} live
 * @returns {Model}
 */
function model(litert, variant, compiled, live) {
  const free = (/** @type {LitertTensor} */ tensor) => {
    live.delete(tensor);
    tensor.delete();
  };
  // asking a tensor for its shape goes through WebAssembly, at every run
  const shapes = variant.outputs.map(({ shape }) => shape);
  return {
    async run(tensors) {
      if (tensors.length !== variant.inputs.length) {
        throw new Error(`expected ${variant.inputs.length} input tensors, got ${tensors.length}`);
      }
      const fed = variant.inputs.map(({ dtype }, i) => {
        const { data, shape } = tensors[i];
        return new litert.Tensor(typed(data, dtype), shape);
      });
      fed.forEach((tensor) => live.add(tensor));
      try {
        const outputs = await compiled.run(fed);
        outputs.forEach((tensor) => live.add(tensor));
        try {
          const read = [];
          for (const [i, tensor] of outputs.entries()) {
            const shape = isKnown(shapes[i])
              ? shapes[i]
              : Array.from(tensor.type.layout.dimensions);
            read.push({
              name: variant.outputs[i].name,
              shape,
              data: float32(await tensor.data()),
            });
          }
          return read;
        } finally {
          outputs.forEach(free);
        }
      } finally {
        fed.forEach(free);
      }
    },
    dispose: () => compiled.delete(),
  };
}

/** @returns {shape is number[]} */
function isKnown(/** @type {(number | null)[]} */ shape) {
  return !shape.includes(null);
}

function typed(/** @type {import("../types").TensorData} */ data, /** @type {string} */ dtype) {
  const type = { float32: Float32Array, int32: Int32Array }[dtype] ?? Uint8Array;
  const right = data instanceof type ? data : new type(data);
  return /** @type {Float32Array<ArrayBuffer>} */ (right); // none of ours is in shared memory
}
