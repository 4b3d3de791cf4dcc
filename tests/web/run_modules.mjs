// Runs the page's pure modules in Node for the tests: a JSON list of calls on standard input,
// one JSON result a line. Bytes travel in files, named by `path` and `out`.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { batchFromImages } from "../../web/static/js/batch.js";
import { checkHeader } from "../../web/static/js/header.js";
import { imageFromPixels } from "../../web/static/js/image.js";
import { arrayFromNpy } from "../../web/static/js/npy.js";
import { inkStyle, placed } from "../../web/static/js/pen.js";
import { plain } from "../../web/static/js/plain.js";
import { prove } from "../../web/static/js/proof.js";
import { probabilities, ranked } from "../../web/static/js/scores.js";

const CALLS = {
  // pictures' RGBA pixels, one after the other in a file; their images likewise
  images({ path, out, pictures }) {
    const all = new Uint8Array(readFileSync(path));
    const images = [];
    let at = 0;
    for (const { width, height, orientation, contracts } of pictures) {
      const rgba = all.slice(at, (at += width * height * 4));
      for (const contract of contracts) {
        images.push(imageFromPixels({ width, height, rgba }, contract, orientation));
      }
    }
    writeFileSync(out, Buffer.concat(images));
  },
  // of encoded pictures, one after the other in a file, whose sizes are given
  pictures({ path, sizes }) {
    const all = new Uint8Array(readFileSync(path));
    let at = 0;
    return sizes.map((size) => {
      const bytes = all.slice(at, (at += size));
      try {
        checkHeader(bytes);
        const { pieces, orientation } = plain(bytes);
        const bare = new Uint8Array(Buffer.concat(pieces));
        const digest = createHash("sha256").update(bare).digest("hex");
        return { orientation, left: plain(bare).orientation, bytes: bare.length, digest };
      } catch (error) {
        return { error: error.message };
      }
    });
  },
  batch({ path, out, contract }) {
    const batch = batchFromImages(new Uint8Array(readFileSync(path)), contract);
    writeFileSync(out, new Uint8Array(batch.buffer));
  },
  npy({ path }) {
    const { shape, data } = arrayFromNpy(new Uint8Array(readFileSync(path)), path);
    return { shape, data: Array.from(data) };
  },
  scores({ raw, scores, labels }) {
    const row = probabilities(Float32Array.from(raw), scores, labels);
    return { row: Array.from(row), order: ranked(row) };
  },
  inkStyle: ({ path, height, width }) =>
    inkStyle(new Uint8Array(readFileSync(path)), height, width),
  // `answers[round]` is what a made-up model gives for every golden input in that round
  async prove({ inputs, outputs, answers, scores, variant }) {
    const files = { inputs, outputs };
    let runs = 0;
    return prove({
      bundle: {
        manifest: {
          input: null,
          output: { scores },
          golden: { inputs: [{ path: "inputs" }], outputs: [{ path: "outputs" }], files: [] },
        },
        read: async ({ path }) => new Uint8Array(readFileSync(files[path])),
      },
      variant: { id: variant },
      runTensors: async ([{ shape }]) => {
        const { data } = arrayFromNpy(
          new Uint8Array(readFileSync(answers[runs++ % answers.length])),
          "",
        );
        return [{ name: "scores", shape, data }];
      },
      onProgress: () => undefined,
    });
  },
  placed: ({ strokes, style, side }) => placed(strokes, style, side),
};

for (const { call, ...args } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    console.log(JSON.stringify({ result: (await CALLS[call](args)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
}
