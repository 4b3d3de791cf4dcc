// A bare page around one backend of TensorFlow.js: load a graph model, run it in a loop.
import { answered, artifactsOf, timed } from "./bare.js";

export async function bare({ vendor, backend, folder, shape, pixels, threads }) {
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
  return timed(async () => {
    const input = tf.tensor(pixels, shape);
    const output = model.execute(input);
    const scores = answered(await output.data());
    input.dispose();
    output.dispose();
    return scores;
  });
}
