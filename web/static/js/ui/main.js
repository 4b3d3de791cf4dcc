/** The page: what is wired to what. */

import { messageOf } from "../failures.js";
import { inkStyle } from "../pen.js";
import {
  answer,
  answerAgain,
  answerFrame,
  beginLive,
  clearAnswer,
  showFault,
} from "./answering.js";
import { showProofError } from "./badge.js";
import { setUpCamera, startCamera, stopCamera } from "./camera.js";
import { setUpChoices } from "./choices.js";
import { byId } from "./dom.js";
import { fillExamples, mark, offerExamples } from "./examples.js";
import { setUpFiles } from "./files.js";
import { classifyAll, setUpGrid } from "./grid.js";
import { setUpGallery } from "./gallery.js";
import { setUpHistory } from "./history.js";
import { introduce } from "./intro.js";
import { setUpLive, stopLive } from "./live.js";
import { loadChoice, setUpModel } from "./model.js";
import { offered } from "./offers.js";
import { drawing, setUpPad, usePen } from "./pad.js";
import { showPreview } from "./stage.js";
import { offerDrawing, select, selected, setUpTabs } from "./tabs.js";
import { setUpWhy } from "./why.js";

/**
 * @typedef {import("../bundle.js").Bundle} Bundle
 * @typedef {import("../client.js").WorkerClient} WorkerClient
 * @typedef {import("./answering.js").Picture} Picture
 * @typedef {import("./offers.js").Offer} Offer
 */

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
      mark(null);
      void answer({ blob, name: "Camera" });
    },
    onStop: stopLive,
  });
  setUpLive({
    onBegin: () => {
      mark(null);
      beginLive();
    },
    onFrame: answerFrame,
  });
  setUpPad((picture) => {
    mark(null);
    void answer(picture);
  }, clearAnswer);
  setUpGrid((file) => showPicture({ blob: file, name: file.name }));
  setUpHistory(showPicture);
  setUpWhy();
  const offers = offered();
  setUpChoices(offers, () => void loadChoice());
  setUpGallery(offers);
  setUpModel({ onBundle, onLoaded, onProblem });
  await loadChoice();
}

function onBundle(/** @type {Bundle} */ bundle, /** @type {Offer} */ offer) {
  introduce(bundle, offer);
  offerDrawing(bundle.manifest.input?.color === "gray", onTab);
  offerExamples(bundle, (path) => void showExample(bundle, path));
}

/** What a model does as soon as it is there. */
async function onLoaded(/** @type {import("./ask.js").Loaded} */ { client, bundle }) {
  const { golden, input } = bundle.manifest;
  // nothing chosen yet: the first example shows what the model does
  if (!(await answerAgain()) && selected() === "file") {
    await showExample(bundle, golden.files[0]?.file.path, false);
  }
  fillExamples();
  if (input?.color === "gray") await preparePen(client);
}

function onProblem() {
  fillExamples();
  void answerAgain(); // says there too why there is no answer
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
  void showPreview(picture.blob);
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
    void showPreview(blob);
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
