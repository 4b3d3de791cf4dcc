/** The model that answers: a worker for the choice, and its proof. */

import { Bundle } from "../bundle.js";
import { Stopped, WorkerClient } from "../client.js";
import { answeredBy, useModel } from "./ask.js";
import { showProgress, showProof, showProofError, showWaiting } from "./badge.js";
import { choice, engineTitle, rememberChoice } from "./choices.js";
import { byId } from "./dom.js";
import { milliseconds } from "./format.js";
import { keepForOffline } from "./offline.js";
import { offerOf } from "./offers.js";
import { setDoubt } from "./results.js";

/**
 * @typedef {import("./offers.js").Offer} Offer
 *
 * @typedef {object} Listener what the page does as a load goes on
 * @property {(bundle: Bundle, offer: Offer) => void} onBundle the manifest is there
 * @property {(model: import("./ask.js").Loaded) => Promise<void>} onLoaded the model answers
 * @property {(bundle: Bundle | null, message: string) => void} onProblem nothing answers
 */

const loadNote = byId("load-note", HTMLElement);

/** @type {WorkerClient | null} */
let client = null;
/** @type {Listener} */
let listener;

export function setUpModel(/** @type {Listener} */ given) {
  listener = given;
}

/** Starts a worker for the current choice, has it answer, and lets it prove itself. */
export async function loadChoice() {
  const chosen = choice();
  rememberChoice();
  client?.close();
  client = new WorkerClient();
  const opening = opened(client, chosen);
  useModel(opening);
  setDoubt(false);
  showWaiting("Loading the model …");
  loadNote.textContent = "";
  /** @type {import("./ask.js").Loaded | null} */
  let model = null;
  try {
    model = await opening;
    const { version, loadMs } = await model.loaded;
    loadNote.textContent = `${version}, loaded in ${milliseconds(loadMs)}`;
    await listener.onLoaded(model);
    showWaiting("Checking against training …");
    const proof = await model.client.call("prove", null, { onProgress: showProgress });
    model.by.proof = proof.passed ? "passed" : "failed";
    showProof(proof, engineTitle(chosen.engine));
    setDoubt(!proof.passed);
    await keepForOffline(await model.client.call("resources"));
  } catch (error) {
    if (error instanceof Stopped) return;
    if (model) model.by.proof = "not checked";
    const message = error instanceof Error ? error.message : String(error);
    showProofError(message);
    loadNote.textContent = "";
    listener.onProblem(model?.bundle ?? null, message);
  }
}

/**
 * What a worker answers with, as soon as the bundle's manifest is there.
 * @param {WorkerClient} worker
 * @param {import("./choices.js").Choice} chosen
 * @returns {Promise<import("./ask.js").Loaded>}
 */
async function opened(worker, chosen) {
  const offer = offerOf(chosen.bundle);
  const bundle = await Bundle.open(offer);
  const loaded = worker.call("load", { ...chosen, bundle: offer });
  loaded.catch(() => undefined); // those who wait for it are told
  listener.onBundle(bundle, offer);
  return { client: worker, bundle, loaded, by: answeredBy(bundle, offer, chosen) };
}
