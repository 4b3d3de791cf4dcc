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

/** From now on this model is asked. */
export function useModel(/** @type {Promise<Loaded>} */ model) {
  current = model;
  model.catch(() => undefined); // those who ask are told
}

/**
 * @param {Blob} blob
 * @returns {Promise<Asked>}
 * @throws why there is no answer, in a sentence
 */
export async function askAbout(blob) {
  for (;;) {
    const mine = current;
    try {
      const model = await ready(mine);
      return { answer: await model.client.call("classify", { blob }), model };
    } catch (error) {
      if (!(error instanceof Stopped) || current === mine) throw error;
    }
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

/** A small copy of a picture that the worker could decode. @returns {Promise<Blob>} */
export function askForThumbnail(/** @type {Loaded} */ { client }, /** @type {Blob} */ blob) {
  return client.call("thumbnail", { blob, side: 160 });
}

/** The model, when it can be asked about pictures. */
async function ready(/** @type {Promise<Loaded>} */ opening) {
  const model = await opening;
  const { manifest } = model.bundle;
  if (!manifest.input) throw new Error(`${manifest.name} does not take pictures`);
  await model.loaded;
  return model;
}
