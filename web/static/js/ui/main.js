/** The page: what is wired to what, and the model that answers. */

import { Bundle } from "../bundle.js";
import { Stopped, WorkerClient } from "../client.js";
import { inkStyle } from "../pen.js";
import { answer, answerAgain, answerFrame, beginLive, clearAnswer } from "./answering.js";
import { messageOf, showFault } from "./answering.js";
import { useModel } from "./ask.js";
import { showProgress, showProof, showProofError, showWaiting } from "./badge.js";
import { setUpCamera, startCamera, stopCamera } from "./camera.js";
import { choice, engineTitle, rememberChoice, setUpChoices } from "./choices.js";
import { byId } from "./dom.js";
import { fillExamples, mark, offerExamples } from "./examples.js";
import { setUpFiles } from "./files.js";
import { milliseconds } from "./format.js";
import { classifyAll, setUpGrid } from "./grid.js";
import { setUpHistory } from "./history.js";
import { introduce } from "./intro.js";
import { setUpLive, stopLive } from "./live.js";
import { keepForOffline } from "./offline.js";
import { offered, offerOf } from "./offers.js";
import { drawing, setUpPad, usePen } from "./pad.js";
import { setDoubt } from "./results.js";
import { showPreview } from "./stage.js";
import { offerDrawing, select, selected, setUpTabs } from "./tabs.js";
import { setUpWhy } from "./why.js";

/**
 * @typedef {import("./answering.js").Picture} Picture
 * @typedef {import("./choices.js").Choice} Choice
 */

const loadNote = byId("load-note", HTMLElement);

/** @type {WorkerClient | null} */
let client = null;

async function start() {
  setUpTabs(onTab);
  setUpFiles((files) => {
    if (files.length === 1)
      showPicture({ blob: files[0], name: files[0].name || "Pasted picture" });
    else classifyAll(files);
  });
  setUpCamera({
    onPicture: (blob) => {
      stopLive();
      void answer({ blob, name: "Camera" });
    },
    onStop: stopLive,
  });
  setUpLive({ onBegin: beginLive, onFrame: answerFrame });
  setUpPad((picture) => void answer(picture), clearAnswer);
  setUpGrid((file) => showPicture({ blob: file, name: file.name }));
  setUpHistory(showPicture);
  setUpWhy();
  setUpChoices(offered(), () => void load());
  await load();
}

/** Starts a worker for the current choice, lets it prove itself, and answers the picture again. */
async function load() {
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
    const { bundle, by } = model;
    const { version, loadMs } = await model.loaded;
    loadNote.textContent = `${version}, loaded in ${milliseconds(loadMs)}`;
    // nothing chosen yet: the first example shows what the model does
    if (!(await answerAgain()) && selected() === "file") {
      await showExample(bundle, bundle.manifest.golden.files[0]?.file.path, false);
    }
    fillExamples();
    if (bundle.manifest.input?.color === "gray") await preparePen(model.client);
    showWaiting("Checking against training …");
    const proof = await model.client.call("prove", null, { onProgress: showProgress });
    by.proof = proof.passed ? "passed" : "failed";
    showProof(proof, engineTitle(chosen.engine));
    setDoubt(!proof.passed);
    await keepForOffline(await model.client.call("resources"));
  } catch (error) {
    if (error instanceof Stopped) return;
    if (model) model.by.proof = "not checked";
    showProofError(messageOf(error));
    loadNote.textContent = "";
    fillExamples();
    await answerAgain();
  }
}

/**
 * What a worker answers with, as soon as the bundle's manifest is there.
 * @param {WorkerClient} worker
 * @param {Choice} chosen
 * @returns {Promise<import("./ask.js").Loaded>}
 */
async function opened(worker, chosen) {
  const offer = offerOf(chosen.bundle);
  const bundle = await Bundle.open(offer);
  const loaded = worker.call("load", { ...chosen, bundle: offer });
  loaded.catch(() => undefined); // those who wait for it are told
  introduce(bundle, offer);
  offerDrawing(bundle.manifest.input?.color === "gray", onTab);
  offerExamples(bundle, (path) => void showExample(bundle, path));
  /** @type {import("../table.js").AnsweredBy} */
  const by = {
    model: bundle.manifest.name,
    version: offer.version,
    variant: chosen.variant,
    engine: chosen.engine,
    proof: "pending",
  };
  return { client: worker, bundle, loaded, by };
}

/** The pad writes as the golden images are written. */
async function preparePen(/** @type {WorkerClient} */ worker) {
  const { shape, data } = await worker.call("goldenImages");
  usePen(inkStyle(data, shape[1], shape[2]));
}

/** Puts a picture on the stage and answers it. */
function showPicture(/** @type {Picture} */ picture) {
  mark(null);
  select("file", onTab);
  showPreview(picture.blob);
  void answer(picture);
}

async function showExample(
  /** @type {Bundle} */ bundle,
  /** @type {string | undefined} */ path,
  byVisitor = true,
) {
  const golden = bundle.manifest.golden.files.find(({ file }) => file.path === path);
  if (!golden) return;
  select("file", onTab);
  try {
    const blob = new Blob([await bundle.read(golden.file)]);
    showPreview(blob);
    const name = golden.file.path.split("/").at(-1) ?? "";
    await answer({ blob, name, key: golden }, { byVisitor });
  } catch (error) {
    showFault(error);
  }
}

function onTab(/** @type {import("./tabs.js").TabName} */ name) {
  if (name === "camera") void startCamera();
  else stopCamera();
  if (name !== "draw") return;
  void drawing().then((picture) => picture && answer(picture));
}

start().catch((error) => {
  byId("title", HTMLElement).textContent = "The page could not start";
  byId("subtitle", HTMLElement).textContent = "";
  showProofError(messageOf(error));
});
