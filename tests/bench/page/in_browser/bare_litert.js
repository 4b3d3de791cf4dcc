// A bare loop around LiteRT.js: load a .tflite file, run it.
import { answered, pixelsAt, timed } from "./bare.js";

export async function bare({ vendor, accelerator, file, shape, input }) {
  const litert = await import(`${vendor}litert.js`);
  const runtime = await litert.loadLiteRt(vendor);
  const options = accelerator === "webgpu" ? {} : { webGpuDevice: null };
  runtime.setDefaultEnvironment(await litert.Environment.create(options));
  const bytes = new Uint8Array(await (await fetch(file)).arrayBuffer());
  const gpuOptions = { precision: "fp32" };
  const model = await runtime.loadAndCompile(bytes, { accelerator, gpuOptions });
  const pixels = await pixelsAt(input);
  return timed(async () => {
    const tensor = new litert.Tensor(pixels, shape);
    const [output] = await model.run([tensor]);
    const scores = answered(await output.data());
    tensor.delete();
    output.delete();
    return scores;
  });
}
