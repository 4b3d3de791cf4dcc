// Runs a TF.js model in Node: the tests' own runner, which knows nothing of edgeproof.
//
//   node run_model.mjs WEB_FOLDER REQUEST.json
//
// REQUEST: {backend: "cpu" | "wasm", folder, inputs: [{shape, dtype, file}], output: FILE}
// FILE receives JSON: {outputs: [{shape, values}] of the second of two runs, leaked: tensors}
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [webFolder, requestFile] = process.argv.slice(2);
const require = createRequire(join(webFolder, 'package.json'));
const request = JSON.parse(readFileSync(requestFile, 'utf8'));

const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
if (request.backend === 'wasm') {
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(webFolder, 'node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/'));
} else {
  require('@tensorflow/tfjs-backend-cpu');
}
if (!(await tf.setBackend(request.backend))) throw new Error(`no backend ${request.backend}`);

const document = JSON.parse(readFileSync(join(request.folder, 'model.json'), 'utf8'));
const shards = document.weightsManifest.flatMap((group) => group.paths);
const bytes = Buffer.concat(shards.map((name) => readFileSync(join(request.folder, name))));
const handler = {
  load: async () => ({
    modelTopology: document.modelTopology,
    signature: document.signature,
    userDefinedMetadata: document.userDefinedMetadata,
    format: document.format,
    weightSpecs: document.weightsManifest.flatMap((group) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  }),
};

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
const inputs = request.inputs.map(({ shape, dtype, file }) => {
  const raw = readFileSync(file);
  const data = new arrays[dtype](raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  return tf.tensor(data, shape, dtype);
});

let execute;
if (document.format === 'layers-model') {
  const { loadLayersModel } = require('@tensorflow/tfjs-layers');
  const model = await loadLayersModel(handler);
  execute = async () => model.predict(inputs.length === 1 ? inputs[0] : inputs);
} else {
  const model = await loadGraphModel(handler);
  execute = async () => {
    try {
      return model.execute(inputs);
    } catch (error) {
      if (!/executeAsync|dynamic op/.test(error.message)) throw error;
      return await model.executeAsync(inputs);
    }
  };
}
const before = tf.memory().numTensors;
let outputs;
for (let run = 0; run < 2; run += 1) {
  outputs = [];
  for (const tensor of [await execute()].flat()) {
    outputs.push({ shape: tensor.shape, values: Array.from(await tensor.data(), Number) });
    tensor.dispose();
  }
}
const leaked = tf.memory().numTensors - before;
writeFileSync(request.output, JSON.stringify({ outputs, leaked }));
