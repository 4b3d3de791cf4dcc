// Runs the page's pure modules in Node for the tests: a JSON list of calls on standard input,
// one JSON result a line. Bytes travel in files, named by `path` and `out`.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { candidates, startingWith } from "../../web/static/js/auto/candidates.js";
import { Downloads, ENGINE_FILES, FILE_BYTES } from "../../web/static/js/auto/downloads.js";
import { fastest } from "../../web/static/js/auto/search.js";
import { linkOf, unasked } from "../../web/static/js/auto/unasked.js";
import { batchFromImages } from "../../web/static/js/batch.js";
import { colorOf, heatPixels } from "../../web/static/js/explain/colors.js";
import { meanColor, patchStarts } from "../../web/static/js/explain/occlusion.js";
import { inWords, strongest } from "../../web/static/js/explain/words.js";
import { checkHeader } from "../../web/static/js/header.js";
import { imageFromPixels } from "../../web/static/js/image.js";
import { Pace } from "../../web/static/js/live/pace.js";
import { Steady } from "../../web/static/js/live/steady.js";
import { arrayFromNpy } from "../../web/static/js/npy.js";
import { inkStyle, placed } from "../../web/static/js/pen.js";
import { plain } from "../../web/static/js/plain.js";
import { prove } from "../../web/static/js/proof.js";
import { best, probabilities, ranked } from "../../web/static/js/scores.js";
import { Several } from "../../web/static/js/several.js";
import { csvOf, jsonOf } from "../../web/static/js/table.js";

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
  candidates: ({ variants, chosen, first }) => startingWith(candidates(variants, chosen), first),
  downloads({ variants, taken }) {
    const downloads = new Downloads(variants);
    const bytes = taken.map((candidate) => {
      const missing = downloads.missing(candidate);
      downloads.add(candidate);
      return missing;
    });
    return { bytes, files: FILE_BYTES, engines: ENGINE_FILES };
  },
  // the engines of `variants` that are measured unasked after those of `taken`
  unasked({ variants, taken, connection, ms }) {
    const downloads = new Downloads(variants);
    taken.forEach((candidate) => downloads.add(candidate));
    const ids = variants.map(({ id }) => id);
    const chosen = { variant: "auto", engine: "auto" };
    const open = candidates(ids, chosen).filter((c) => !taken.some((t) => t.engine === c.engine));
    return unasked(open, downloads, { link: linkOf(connection), ms }).map((c) => c.engine);
  },
  // engines are made up: `ms` for each block of timing, `passes`, `refuses` to load, `hangs`, `lost`
  async search({ current, others, abortsAt, best }) {
    const variant = "tfjs-float32";
    const opened = [];
    const closed = [];
    const proved = [];
    const ending = new AbortController();
    const block = (ms, i) => [ms[Math.min(i, ms.length - 1)]];
    let ownBlocks = 0;
    const found = await fastest({
      current: {
        candidate: { variant, engine: current.engine },
        time: async () => block(current.ms, ownBlocks++),
      },
      best: {
        candidate: { variant, engine: best?.engine ?? current.engine },
        ratio: best?.ratio ?? 1,
      },
      others: Object.keys(others).map((engine) => ({ variant, engine })),
      open({ engine }) {
        const made = others[engine];
        let blocks = 0;
        opened.push(engine);
        return {
          ready: made.refuses ? Promise.reject(new Error(made.refuses)) : Promise.resolve(),
          async time() {
            if (engine === abortsAt) ending.abort(new Error("another choice"));
            if (made.lost) throw new TypeError("the network is gone");
            return block(made.ms, blocks++);
          },
          async prove() {
            proved.push(engine);
            return { passed: made.passes };
          },
          close: () => closed.push(engine),
        };
      },
      whenIdle: async () => undefined,
      isFatal: (error) => error instanceof TypeError,
      signal: ending.signal,
      onStep: () => undefined,
    }).catch((error) => ({ error: error.message }));
    return { ...found, opened, closed, proved };
  },
  placed: ({ strokes, style, side }) => placed(strokes, style, side),
  best: ({ row, count }) => best(Float32Array.from(row), count),
  table: ({ answers }) => ({ csv: csvOf(answers), json: jsonOf(answers) }),
  colors: ({ points }) => points.map(([luminance, heat]) => colorOf(luminance, heat)),
  heatPixels: ({ image, heat, full }) =>
    Array.from(heatPixels(Uint8Array.from(image), Float32Array.from(heat), full)),
  patches: ({ sides }) => sides.map(patchStarts),
  meanColor: ({ image, channels }) => meanColor(Uint8Array.from(image), channels),
  words: ({ map, label, size }) => {
    const drops = Float32Array.from(map.drops);
    return { text: inWords({ ...map, drops }, label, size), strongest: strongest(drops) };
  },
  // a camera of `every` ms a frame, and a worker that takes `cost(i)` ms for each it gets
  pace({ every, costs, until }) {
    const pace = new Pace();
    const taken = [];
    let end = Infinity;
    for (let now = 0; now < until; now++) {
      if (now >= end) {
        pace.end(now);
        end = Infinity;
      }
      if (now % every !== 0 || !pace.wants(now)) continue;
      if (end !== Infinity) throw new Error("two frames at once");
      pace.begin(now);
      end = now + costs[Math.min(taken.length, costs.length - 1)];
      taken.push(now);
    }
    return { taken, perSecond: pace.perSecond(until) };
  },
  steady({ frames }) {
    const steady = new Steady();
    const told = frames.map(([now, row]) => [now, steady.next(Float32Array.from(row), now)]);
    return told.filter(([, label]) => label !== null);
  },
  // files are their names; "bad" is refused, and the run is stopped before `stopAt`
  async several({ files, stopAt }) {
    const order = [];
    let inFlight = 0;
    let most = 0;
    const several = new Several({
      classify: async ({ file }) => {
        most = Math.max(most, ++inFlight);
        await new Promise((resolve) => setTimeout(resolve));
        inFlight--;
        order.push(file);
        if (file === "bad") throw new Error("expected a picture, got something else");
        return { scores: [{ label: file, probability: 1 }], by: null };
      },
      onChange: (entry) => {
        if (entry && entry.file === stopAt && entry.state === "done") several.stop();
      },
    });
    several.add(files);
    await several.run();
    const left = several.left;
    await several.run();
    const entries = several.entries.map(({ file, state, error }) => ({ file, state, error }));
    return { order, most, left, entries };
  },
};

for (const { call, ...args } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    console.log(JSON.stringify({ result: (await CALLS[call](args)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
}
