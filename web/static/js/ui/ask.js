/**
 * Asks the model: the one way from a picture to an answer, for the stage, the camera and the grid.
 * It waits for a model that is loading, and asks the next one when another choice replaces that.
 */

import { Stopped } from "../client.js";

/**
 * @typedef {object} Loaded the page's model
 * @property {import("../client.js").WorkerClient} client
 * @property {import("../bundle.js").Bundle} bundle
 * @property {Promise<any>} loaded resolves when the worker can be asked
 * @property {import("../table.js").AnsweredBy} by who answers, and whether it was proved
 *
 * @typedef {import("./results.js").Answer} Answer
 * @typedef {{answer: Answer, model: Loaded}} Asked
 */

/** The page's model; none was chosen yet. @type {Promise<Loaded>} */
let current = new Promise(() => undefined);

/** Those whose model was stopped, and who wait for the next. @type {(() => void)[]} */
const waiting = [];

/** From now on this model is asked; a rejected promise where there is none. */
export function useModel(/** @type {Promise<Loaded>} */ model) {
  current = model;
  model.catch(() => undefined); // those who ask are told
  for (const goOn of waiting.splice(0)) goOn();
}

/**
 * Who answers, before it was proved.
 * @param {import("../bundle.js").Bundle} bundle
 * @param {{version: string}} offer
 * @param {{variant: string, engine: string}} chosen
 * @returns {import("../table.js").AnsweredBy}
 */
export function answeredBy({ manifest }, { version }, { variant, engine }) {
  return { model: manifest.name, version, variant, engine, proof: "pending" };
}

/**
 * @param {Blob} blob
 * @returns {Promise<Asked>}
 * @throws why there is no answer, in a sentence
 */
export function askAbout(blob) {
  return again(async (model) => ({
    answer: await model.client.call("classify", { blob }),
    model,
  }));
}

/** A small copy of a picture, as a file. @returns {Promise<Blob>} */
export function askForThumbnail(/** @type {Blob} */ blob) {
  return again(({ client }) => client.call("thumbnail", { blob, side: 160 }));
}

/** Whether the worker would decode a picture, before the model is there; if not, it says why. */
export async function isDecodable(/** @type {Blob} */ blob) {
  try {
    await again(({ client }) => client.call("check", { blob }), (opening) => opening);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {VideoFrame | ImageBitmap} frame is handed over to the worker, or closed
 * @returns {Promise<Asked>}
 * @throws {Stopped} another choice was made meanwhile
 */
export async function askAboutFrame(frame) {
  try {
    const model = await ready(current);
    const answer = await model.client.call("classify", { frame }, { transfer: [frame] });
    return { answer, model };
  } finally {
    frame.close();
  }
}

/**
 * Asks, and where another choice was made meanwhile asks the next model.
 * @template T
 * @param {(model: Loaded) => Promise<T>} ask
 * @param {(opening: Promise<Loaded>) => Promise<Loaded>} waited what has to be there
 * @returns {Promise<T>}
 */
async function again(ask, waited = ready) {
  for (;;) {
    const mine = current;
    try {
      return await ask(await waited(mine));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      if (current === mine) await new Promise((goOn) => waiting.push(() => goOn(null)));
    }
  }
}

/** The model, when it can be asked about pictures. */
async function ready(/** @type {Promise<Loaded>} */ opening) {
  const model = await opening;
  const { manifest } = model.bundle;
  if (!manifest.input) throw new Error(`${manifest.name} does not take pictures`);
  await model.loaded;
  return model;
}
