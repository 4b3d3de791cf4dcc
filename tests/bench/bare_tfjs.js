// What a page without edgeproof would do: load a graph model once, then run it in a loop.
async (folder) => {
  const CALL_IMAGES = 16; // as edgeproof's page does
  const { startedTfjs } = await import("/static/js/engines/tfjs_backends.js");
  const tf = await startedTfjs("tfjs-wasm");
  const document = await (await fetch(`${folder}model.json`)).json();
  const paths = document.weightsManifest.flatMap((group) => group.paths);
  const weightData = await Promise.all(
    paths.map(async (path) => (await fetch(folder + path)).arrayBuffer()),
  );
  const model = tf.loadGraphModelSync({
    load: () => ({
      modelTopology: document.modelTopology,
      format: document.format,
      signature: document.signature,
      weightSpecs: document.weightsManifest.flatMap((group) => group.weights),
      weightData,
    }),
  });
  globalThis.bareLoop = async ({ shape: [total, ...rest], base64 }) => {
    const pixels = Float32Array.from(atob(base64), (character) => character.charCodeAt(0));
    const size = pixels.length / total;
    const start = performance.now();
    for (let at = 0; at < total; at += CALL_IMAGES) {
      const n = Math.min(CALL_IMAGES, total - at);
      const input = tf.tensor(pixels.subarray(at * size, (at + n) * size), [n, ...rest]);
      const output = model.execute(input);
      await output.data();
      input.dispose();
      output.dispose();
    }
    return performance.now() - start;
  };
};
