// A bare loop around one backend of TensorFlow.js: load a graph model, run it.
import { answered, artifactsOf, pixelsAt, timed } from "./bare.js";

export async function bare({ vendor, backend, folder, shape, input, threads }) {
  const tf = await import(`${vendor}tfjs-${backend}.js`);
  if (backend === "wasm") {
    tf.setWasmPaths(vendor);
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", threads > 1);
    // it takes at most half of the cores it is told of, as in edgeproof
    Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 * threads });
    if (threads > 1) tf.setThreadsCount(threads);
  }
  await tf.setBackend(backend);
  await tf.ready();
  if (threads > 1 && tf.getThreadsCount() < threads) throw new Error("got no threads");
  const artifacts = await artifactsOf(folder);
  const model = tf.loadGraphModelSync({ load: () => artifacts });
  const pixels = await pixelsAt(input);
  return timed(async () => {
    const tensor = tf.tensor(pixels, shape);
    const output = model.execute(tensor);
    const scores = answered(await output.data());
    tensor.dispose();
    output.dispose();
    return scores;
  });
}
