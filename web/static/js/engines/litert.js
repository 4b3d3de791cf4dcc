/** LiteRT.js as an engine: the same .tflite files that boards run. */

import * as vendor from "../vendor.js";
import { gpuCalls } from "./gpu_calls.js";
import { faultsOf } from "./gpu_faults.js";
import { EngineUnavailable } from "./unavailable.js";

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
  const runtime = await litert.loadLiteRt(vendor.VENDOR_URL);
  const options = accelerator === "webgpu" ? {} : { webGpuDevice: null };
  runtime.setDefaultEnvironment(await litert.Environment.create(options));
  /** @type {Set<LitertTensor>} */
  const live = new Set();
  return {
    name: `litertjs-${accelerator}`,
    version: `LiteRT.js ${litert.version}`,
    liveTensors: () => live.size,
    fault: accelerator === "webgpu" ? faultsOf(runtime.getWebGpuDevice()) : null,
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
          return await Promise.all(
            outputs.map(async (tensor, i) => ({
              name: variant.outputs[i].name,
              shape: Array.from(tensor.type.layout.dimensions),
              data: Float32Array.from(await tensor.data()),
            })),
          );
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

function typed(/** @type {import("../types").TensorData} */ data, /** @type {string} */ dtype) {
  if (dtype === "float32") return Float32Array.from(data);
  return dtype === "int32" ? Int32Array.from(data) : Uint8Array.from(data);
}
