/** TensorFlow.js as an engine: graph models and layers models on one of its backends. */

import { float32 } from "./float32.js";
import { gpuCalls } from "./gpu_calls.js";
import { faultsOfContext, faultsOfDevice } from "./gpu_faults.js";
import { BACKENDS, startedTfjs } from "./tfjs_backends.js";

/**
 * @typedef {import("../types").Engine} Engine
 * @typedef {import("../types").Model} Model
 * @typedef {import("../types").Tensor} Tensor
 * @typedef {import("../types").NamedTensor} NamedTensor
 * @typedef {import("../types").Variant} Variant
 * @typedef {import("../vendor.js").Tfjs} Tfjs
 * @typedef {import("@tensorflow/tfjs-core").Tensor} TfTensor
 * @typedef {import("@tensorflow/tfjs-core").io.ModelArtifacts} ModelArtifacts
 */

// graphs that hold one of these run asynchronously (tfjs-converter, model_analysis.ts)
const ASYNC_OPS = new Set([
  ...["Switch", "Merge", "Enter", "Exit", "NextIteration", "StatelessIf", "StatelessWhile"],
  ...["if", "If", "While", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV5"],
  ...["Where", "HashTable", "HashTableV2", "LookupTableImport", "LookupTableImportV2"],
  ...["LookupTableFind", "LookupTableFindV2", "LookupTableSize", "LookupTableSizeV2"],
]);

/**
 * @param {keyof typeof BACKENDS} name
 * @param {{layers: boolean}} needs whether it is to run layers models
 * @returns {Promise<Engine>}
 */
export async function tfjsEngine(name, { layers }) {
  const tf = await startedTfjs(name, layers);
  return {
    name,
    version: `TensorFlow.js ${tf.version}`,
    liveTensors: () => tf.memory().numTensors,
    faults: faultsOn(BACKENDS[name].name, tf),
    gpuCalls: "onGpu" in BACKENDS[name] ? gpuCalls : null,
    load: async (variant, files) => {
      const artifacts = artifactsOf(variant, files);
      return variant.id.startsWith("tfjs-layers-")
        ? layersModel(tf, variant, artifacts)
        : graphModel(tf, variant, artifacts);
    },
  };
}

function faultsOn(/** @type {string} */ backendName, /** @type {Tfjs} */ tf) {
  const backend = /** @type {any} */ (tf.backend());
  if (backendName === "webgpu") return faultsOfDevice(backend.device);
  return backendName === "webgl" ? faultsOfContext(backend.gpgpu.gl) : null;
}

/**
 * What TensorFlow.js would have fetched by itself, from bytes whose hashes were checked.
 * @param {Variant} variant
 * @param {Map<string, Uint8Array<ArrayBuffer>>} files
 * @returns {ModelArtifacts}
 */
function artifactsOf(variant, files) {
  const document = JSON.parse(new TextDecoder().decode(fileOf(files, variant.entry)));
  const folder = variant.entry.slice(0, variant.entry.lastIndexOf("/") + 1);
  /** @type {{paths: string[], weights: any[]}[]} */
  const groups = document.weightsManifest;
  return {
    modelTopology: document.modelTopology,
    format: document.format,
    signature: document.signature,
    userDefinedMetadata: document.userDefinedMetadata,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: groups.flatMap((g) => g.paths.map((path) => fileOf(files, folder + path).buffer)),
  };
}

function fileOf(
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */ files,
  /** @type {string} */ path,
) {
  const bytes = files.get(path);
  if (!bytes)
    throw new Error(`expected ${path} in the manifest, got none; convert the model again`);
  return bytes;
}

/** @returns {Model} */
function graphModel(
  /** @type {Tfjs} */ tf,
  /** @type {Variant} */ variant,
  /** @type {ModelArtifacts} */ artifacts,
) {
  const { inputs = {}, outputs = {} } = /** @type {any} */ (artifacts.signature ?? {});
  requireNames(variant.inputs, Object.keys(inputs), `${variant.id} input`);
  requireNames(variant.outputs, Object.keys(outputs), `${variant.id} output`);
  const model = tf.loadGraphModelSync({ load: () => artifacts });
  const names = variant.outputs.map((spec) => spec.name);
  const isAsync = opsOf(artifacts).some((op) => ASYNC_OPS.has(op));
  return {
    async run(tensors) {
      const fed = tensorsOf(tf, variant, tensors);
      const named = Object.fromEntries(variant.inputs.map((spec, i) => [spec.name, fed[i]]));
      try {
        const out = isAsync ? await model.executeAsync(named, names) : model.execute(named, names);
        return await readAndDispose(Array.isArray(out) ? out : [out], variant);
      } finally {
        fed.forEach((tensor) => tensor.dispose());
      }
    },
    dispose: () => model.dispose(),
  };
}

/** @returns {string[]} */
function opsOf(/** @type {ModelArtifacts} */ { modelTopology }) {
  const { node, library } = /** @type {any} */ (modelTopology);
  const inside = (library?.function ?? []).flatMap((/** @type {any} */ f) => f.nodeDef ?? []);
  return [...node, ...inside].map((n) => n.op);
}

/** @returns {Promise<Model>} */
async function layersModel(
  /** @type {Tfjs} */ tf,
  /** @type {Variant} */ variant,
  /** @type {ModelArtifacts} */ artifacts,
) {
  const model = await tf.loadLayersModel({ load: async () => artifacts });
  return {
    async run(tensors) {
      const fed = tensorsOf(tf, variant, tensors);
      try {
        const out = model.predict(fed.length === 1 ? fed[0] : fed);
        return await readAndDispose(Array.isArray(out) ? out : [out], variant);
      } finally {
        fed.forEach((tensor) => tensor.dispose());
      }
    },
    dispose: () => void model.dispose(),
  };
}

function requireNames(
  /** @type {{name: string}[]} */ specs,
  /** @type {string[]} */ present,
  /** @type {string} */ what,
) {
  for (const { name } of specs) {
    if (!present.includes(name)) {
      throw new Error(
        `${what}: expected ${name} in the model, got ${present.join(", ") || "no names"}`,
      );
    }
  }
}

/** @returns {TfTensor[]} */
function tensorsOf(
  /** @type {Tfjs} */ tf,
  /** @type {Variant} */ variant,
  /** @type {Tensor[]} */ tensors,
) {
  if (tensors.length !== variant.inputs.length) {
    throw new Error(`expected ${variant.inputs.length} input tensors, got ${tensors.length}`);
  }
  return variant.inputs.map(({ dtype }, i) => {
    const { data, shape } = tensors[i];
    const isFloat = dtype.startsWith("float");
    return tf.tensor(data, shape, isFloat ? "float32" : dtype === "bool" ? "bool" : "int32");
  });
}

/**
 * @param {TfTensor[]} tensors
 * @param {Variant} variant
 * @returns {Promise<NamedTensor[]>}
 */
async function readAndDispose(tensors, variant) {
  try {
    // read together: the graphics card is waited for once
    const data = await Promise.all(tensors.map((tensor) => tensor.data()));
    return tensors.map((tensor, i) => ({
      name: variant.outputs[i].name,
      shape: tensor.shape,
      data: float32(data[i]),
    }));
  } finally {
    tensors.forEach((tensor) => tensor.dispose());
  }
}
