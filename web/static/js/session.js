/** One bundle's variant on one engine: what the page and the verification both ask of a worker. */

import { batchFromImages } from "./batch.js";
import { Bundle } from "./bundle.js";
import { imageFromFile } from "./decode.js";
import { engineNamed, needsLayers } from "./engines/index.js";
import { occlusionMap } from "./explain/occlusion.js";
import { bytesOf } from "./file_bytes.js";
import { pixelsOfFrame } from "./frame.js";
import { EngineFailed } from "./failures.js";
import { channelsOf, imageFromPixels } from "./image.js";
import { arrayFromNpy } from "./npy.js";
import { prove } from "./proof.js";
import { inCalls } from "./rows.js";
import { probabilities } from "./scores.js";

/**
 * @typedef {import("./types").InputContract} InputContract
 * @typedef {import("./types").Tensor} Tensor
 * @typedef {import("./rows.js").Run} Run
 */

// images handed to the model at once when many are run; small, so that WebGL textures stay small
const CALL_IMAGES = 16;

export class Session {
  /** @type {Bundle | null} */
  #bundle = null;
  /** @type {{engine: import("./types").Engine, layers: boolean} | null} */
  #started = null;
  /** @type {import("./types").Model | null} */
  #model = null;
  /** @type {import("./types").Variant | null} */
  #variant = null;
  #gpuCallsBefore = 0;
  /** Those who wait for a run now. @type {Set<(fault: string) => void>} */
  #running = new Set();

  /**
   * Starts an engine.
   * @param {string} engine
   * @throws {import("./failures.js").EngineUnavailable} this browser cannot offer it
   */
  async start(engine) {
    await this.#engineFor(engine, false);
  }

  /**
   * Loads a variant, after every one of its files was found to have the manifest's SHA-256.
   * @param {{bundle: {name: string, version: string}, variant: string, engine: string}} wanted
   */
  async load({ bundle, variant, engine }) {
    const start = performance.now();
    this.unload();
    const engineReady = await this.#engineFor(engine, needsLayers(variant));
    this.#gpuCallsBefore = engineReady.gpuCalls?.() ?? 0;
    const opened = await Bundle.open(bundle);
    const chosen = opened.variant(variant);
    /** @type {[string, Uint8Array<ArrayBuffer>][]} */
    const files = await Promise.all(
      chosen.files.filter(isForEngines).map(async (f) => [f.path, await opened.read(f)]),
    );
    this.#model = await engineReady.load(chosen, new Map(files));
    this.#bundle = opened;
    this.#variant = chosen;
    return {
      engine: engineReady.name,
      version: engineReady.version,
      loadMs: performance.now() - start,
    };
  }

  /** Frees the model; the engine stays. */
  unload() {
    this.#model?.dispose();
    this.#model = this.#bundle = this.#variant = null;
  }

  /** How many tensors the engine holds. */
  tensors() {
    return this.#started?.engine.liveTensors() ?? 0;
  }

  /** Programs that the graphics card was asked to run for this variant; null if it is not used. */
  gpuCalls() {
    const calls = this.#started?.engine.gpuCalls?.() ?? null;
    return calls === null ? null : calls - this.#gpuCallsBefore;
  }

  /**
   * Runs uint8 images as the contract makes them, N x H x W x C.
   * @param {{shape: number[], data: Uint8Array}} images
   * @returns {Promise<Run>}
   */
  async runImages({ shape, data }) {
    const contract = this.#contract();
    const expected = [contract.height, contract.width, channelsOf(contract)];
    if (shape.length !== 4 || expected.some((n, i) => n !== shape[i + 1])) {
      throw new Error(`expected images of N x ${expected.join(" x ")}, got ${shape.join(" x ")}`);
    }
    const [count, ...rest] = shape;
    const perImage = rest.reduce((a, b) => a * b, 1);
    if (!count || data.length !== count * perImage) {
      throw new Error(
        `expected ${count * perImage} bytes for ${shape.join(" x ")}, got ${data.length}`,
      );
    }
    // the contract's arithmetic is done call by call: a float is four times an image's byte
    const images = [{ shape, data }];
    return this.#inCalls(images, CALL_IMAGES, ([image]) => [
      {
        shape: image.shape,
        data: batchFromImages(/** @type {Uint8Array} */ (image.data), contract),
      },
    ]);
  }

  /**
   * Runs tensors as they are, in the variant's order, in calls of its batch where that is fixed.
   * @param {Tensor[]} tensors
   * @returns {Promise<Run>}
   */
  async runTensors(tensors) {
    return this.#inCalls(tensors, tensors[0]?.shape[0] ?? 0, (rows) => rows);
  }

  /**
   * @param {Tensor[]} given
   * @param {number} atOnce rows for each call where the variant's batch is free
   * @param {(rows: Tensor[]) => Tensor[]} prepare makes the model's input of a call's rows
   */
  #inCalls(given, atOnce, prepare) {
    const { model, variant } = this.#loaded();
    const fixed = variant.inputs[0].shape[0];
    return inCalls(given, fixed ?? atOnce, typeof fixed === "number", async (rows) => {
      const tensors = prepare(rows);
      const start = performance.now();
      const outputs = await this.#watched(() => model.run(tensors));
      return { outputs, ms: [performance.now() - start] };
    });
  }

  /**
   * What a run gives, unless the engine breaks: it is not waited for then.
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  async #watched(run) {
    const faults = this.#started?.engine.faults;
    // no detour where nothing tells: a small model's run takes a tenth of a millisecond
    if (!faults) return run().catch((error) => Promise.reject(failed(error)));
    const before = faults.first();
    if (before) throw new EngineFailed(before);
    return new Promise((resolve, reject) => {
      const end = (/** @type {string} */ fault) => reject(new EngineFailed(fault));
      this.#running.add(end);
      const settle = (/** @type {() => void} */ otherwise) => {
        this.#running.delete(end);
        const fault = faults.first();
        if (fault) end(fault);
        else otherwise();
      };
      run().then(
        (outputs) => settle(() => resolve(outputs)),
        (error) => settle(() => reject(failed(error))),
      );
    });
  }

  /** The model's image for an encoded picture. */
  async imageFromFile(/** @type {Uint8Array<ArrayBuffer>} */ bytes) {
    return imageFromFile(bytes, this.#contract());
  }

  /**
   * The whole path for a picture of the bundle: fetch, check, decode, orient, flatten, fit,
   * resize, run.
   * @param {string} path
   */
  async runFile(path) {
    const image = await this.imageFromFile(await this.#goldenBytes(path));
    return { image, ...(await this.#runImage(image)) };
  }

  /**
   * Labels a picture: a file, its bytes, or a frame of a live camera.
   * @param {{blob: Blob} | {bytes: Uint8Array<ArrayBuffer>} | {frame: VideoFrame | ImageBitmap}}
   *   picture
   */
  async classify(picture) {
    const start = performance.now();
    const image =
      "frame" in picture
        ? imageFromPixels(pixelsOfFrame(picture.frame), this.#contract())
        : await this.imageFromFile("blob" in picture ? await bytesOf(picture.blob) : picture.bytes);
    const preparedMs = performance.now() - start;
    const { outputs, ms } = await this.#runImage(image);
    return { image, probabilities: this.#rows(outputs, 1)[0], preparedMs, modelMs: ms[0] };
  }

  /**
   * What each part of an image is worth to a label's probability.
   * @param {{image: Uint8Array, label: number}} question `label` is its index
   * @param {(done: number, total: number) => void} onProgress
   * @param {AbortSignal} signal
   */
  async explain({ image, label }, onProgress, signal) {
    const contract = this.#contract();
    const { height, width } = contract;
    const channels = channelsOf(contract);
    const probabilityOf = async (/** @type {Uint8Array} */ data, /** @type {number} */ count) => {
      const { outputs } = await this.runImages({ shape: [count, height, width, channels], data });
      return this.#rows(outputs, count).map((row) => row[label]);
    };
    return occlusionMap({ image, contract, probabilityOf, onProgress, signal });
  }

  /** Probabilities of so many images, out of the model's outputs for them. */
  #rows(/** @type {import("./types").NamedTensor[]} */ [{ data }], /** @type {number} */ count) {
    const { output, labels } = this.#loaded().bundle.manifest;
    const units = data.length / count;
    return Array.from({ length: count }, (_, i) =>
      probabilities(data.subarray(i * units, (i + 1) * units), output.scores, labels.length),
    );
  }

  /**
   * Times single images of the first golden input, after one call that is not counted unless the
   * model is warm: `n` of them, or as many as `withinMs` has room for, one at least.
   * @param {{n: number, withinMs?: number, isWarm?: boolean}} options
   */
  async latency({ n, withinMs = Infinity, isWarm = false }) {
    const tensors = await this.#goldenTensors(1);
    if (!isWarm) await this.runTensors(tensors);
    const end = performance.now() + withinMs;
    /** @type {number[]} */
    const ms = [];
    do ms.push((await this.runTensors(tensors)).ms[0]);
    while (ms.length < n && performance.now() < end);
    return { ms };
  }

  /**
   * Runs the golden inputs and files and compares with what the Keras model gave.
   * @param {(done: number, total: number) => void} onProgress
   */
  async prove(onProgress) {
    const { bundle, variant } = this.#loaded();
    return prove({
      bundle,
      variant,
      runImage: async (/** @type {Uint8Array} */ image) => (await this.#runImage(image)).outputs,
      runTensors: async (/** @type {Tensor[]} */ tensors) =>
        (await this.runTensors(tensors)).outputs,
      imageFromFile: (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => this.imageFromFile(bytes),
      onProgress,
    });
  }

  /** A golden array of the bundle: the pad looks at these images to know how digits are drawn. */
  async goldenImages() {
    const { bundle } = this.#loaded();
    const [entry] = bundle.manifest.golden.inputs;
    return arrayFromNpy(await bundle.read(entry), entry.path);
  }

  async #goldenBytes(/** @type {string} */ path) {
    const { bundle } = this.#loaded();
    const golden = bundle.manifest.golden.files.find(({ file }) => file.path === path);
    if (!golden) {
      throw new Error(`expected a golden file of ${bundle.manifest.name}, got ${path}`);
    }
    return bundle.read(golden.file);
  }

  /** @returns {Promise<Tensor[]>} */
  async #goldenTensors(/** @type {number} */ count) {
    const { bundle } = this.#loaded();
    const { input: contract, golden } = bundle.manifest;
    return Promise.all(
      golden.inputs.map(async (entry) => {
        const { shape, data } = arrayFromNpy(await bundle.read(entry), entry.path);
        const rest = shape.slice(1);
        const values = data.slice(0, count * rest.reduce((a, b) => a * b, 1));
        return {
          shape: [count, ...rest],
          data: contract ? batchFromImages(/** @type {Uint8Array} */ (values), contract) : values,
        };
      }),
    );
  }

  async #start(/** @type {string} */ name, /** @type {boolean} */ layers) {
    const engine = await engineNamed(name, { layers });
    engine.faults?.tell((fault) => this.#running.forEach((end) => end(fault)));
    return { engine, layers };
  }

  /** One worker holds one engine, with layers or without. */
  async #engineFor(/** @type {string} */ name, /** @type {boolean} */ layers) {
    this.#started ??= await this.#start(name, layers);
    const { engine, layers: hasLayers } = this.#started;
    if (engine.name !== name || (layers && !hasLayers)) {
      const present = `${engine.name}${hasLayers ? "" : " without layers"}`;
      throw new Error(`expected ${name} in this worker, got ${present}; start another`);
    }
    return engine;
  }

  #runImage(/** @type {Uint8Array} */ image) {
    const { height, width } = this.#contract();
    const shape = [1, height, width, image.length / (height * width)];
    return this.runImages({ shape, data: image });
  }

  #loaded() {
    if (!this.#bundle || !this.#variant || !this.#model) {
      throw new Error("expected a loaded model, got none; call load first");
    }
    return { bundle: this.#bundle, variant: this.#variant, model: this.#model };
  }

  /** @returns {InputContract} */
  #contract() {
    const { bundle } = this.#loaded();
    if (bundle.manifest.input) return bundle.manifest.input;
    throw new Error(
      `expected an image classifier, got ${bundle.manifest.name}, which takes tensors`,
    );
  }
}

function failed(/** @type {any} */ error) {
  const isError = error instanceof Error;
  return new EngineFailed(isError ? error.message : String(error), { cause: error?.cause });
}

/** All but `metadata.json`, which is for the tools of others. */
function isForEngines(/** @type {import("./types").FileEntry} */ { path }) {
  return !path.endsWith("/metadata.json");
}
