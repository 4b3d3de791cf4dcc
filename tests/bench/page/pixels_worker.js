// Times a photograph's way to the model's image in a worker: the page's own modules beside what a
// browser offers. One message in, `{url, orientation, color, n}`; one out, milliseconds by side.

import { imageFromBitmap, imageFromFile } from "/web/static/js/decode.js";
import { plain } from "/web/static/js/plain.js";
import { bitmapOf } from "/web/static/js/strips.js";

const SIDE = 224;

function canvasOf(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

self.addEventListener("message", async ({ data: { url, orientation, color, n } }) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const file = new Blob(plain(bytes).pieces);
  const size = { width: SIDE, height: SIDE };
  const contract = { ...size, color, fit: "stretch", background: [0, 0, 0], scale: [1], offset: [0] };
  const bitmap = await bitmapOf(file);
  const resize = { resizeWidth: SIDE, resizeHeight: SIDE, resizeQuality: "high" };
  const sides = {
    image: () => imageFromBitmap(bitmap, contract, orientation),
    decoding: async () => (await bitmapOf(file)).close(),
    file: () => imageFromFile(bytes, contract),
    "all pixels by canvas": () => canvasOf(bitmap, bitmap.width, bitmap.height),
    "resized by canvas": () => canvasOf(bitmap, SIDE, SIDE),
    "file resized by createImageBitmap": async () => {
      const small = await createImageBitmap(file, resize);
      canvasOf(small, SIDE, SIDE);
      small.close();
    },
  };
  const ms = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round <= n; round++) {
    for (const [name, side] of Object.entries(sides)) {
      const started = performance.now();
      await side();
      if (round > 0) ms[name].push(performance.now() - started); // the first one is not counted
    }
  }
  const image = Array.from(await imageFromFile(bytes, contract));
  const byCanvas = Array.from(canvasOf(bitmap, SIDE, SIDE));
  bitmap.close();
  self.postMessage({ ms, image, byCanvas });
});
