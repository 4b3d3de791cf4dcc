// A bare page around LiteRT.js: load a .tflite file, run it in a loop.
import { answered, timed } from "./bare.js";

export async function bare({ vendor, accelerator, file, shape, pixels }) {
  const litert = await import(`${vendor}litert.js`);
  const runtime = await litert.loadLiteRt(vendor);
  const options = accelerator === "webgpu" ? {} : { webGpuDevice: null };
  runtime.setDefaultEnvironment(await litert.Environment.create(options));
  const bytes = new Uint8Array(await (await fetch(file)).arrayBuffer());
  const gpuOptions = { precision: "fp32" };
  const model = await runtime.loadAndCompile(bytes, { accelerator, gpuOptions });
  return timed(async () => {
    const input = new litert.Tensor(pixels, shape);
    const [output] = await model.run([input]);
    const scores = answered(await output.data());
    input.delete();
    output.delete();
    return scores;
  });
}
