/** The page: choices in, a worker for them, pictures to it, answers out. */

import { Stopped, WorkerClient } from "../client.js";
import { inkStyle } from "../pen.js";
import { showProofError } from "./badge.js";
import { setUpCamera, startCamera, stopCamera } from "./camera.js";
import { setUpChoices } from "./choices.js";
import { byId } from "./dom.js";
import { mark, showExamples } from "./examples.js";
import { setUpFiles, showPreview } from "./files.js";
import { current, loadChoice, setUpModel } from "./model.js";
import { offered } from "./offers.js";
import { drawing, setUpPad, usePen } from "./pad.js";
import { showAnswer, showBusy, showEmpty, showError } from "./results.js";
import { offerDrawing, select, setUpTabs } from "./tabs.js";

/**
 * @typedef {import("../bundle.js").Bundle} Bundle
 * @typedef {import("./offers.js").Offer} Offer
 * @typedef {{blob: Blob} | {pixels: import("../types").Pixels}} Picture
 */

/** What is on the stage, to be classified again when the choice changes. @type {Picture | null} */
let picture = null;
let latest = 0; // answers that were overtaken by another picture are dropped

async function start() {
  setUpTabs(onTab);
  setUpFiles((file) => {
    mark(null);
    select("file", onTab);
    showPreview(file);
    classify({ blob: file });
  });
  setUpCamera((pixels) => classifyPixels(pixels));
  setUpPad((pixels) => classifyPixels(pixels), clearAnswer);
  const offers = offered();
  setUpChoices(offers, () => void loadChoice());
  setUpModel({ onBundle: introduce, onLoaded: answerFirst, onProblem });
  await loadChoice();
}

/** What a model does as soon as it is there. */
async function answerFirst(/** @type {import("./model.js").Current} */ { client, bundle }) {
  // nothing chosen yet: the first example shows what the model does
  await (picture ? classify(picture) : showExample(bundle.manifest.golden.files[0]?.file.path));
  if (bundle.manifest.input?.color === "gray") await preparePen(client);
  showExamples(bundle, (path) => void showExample(path));
}

function onProblem(/** @type {Bundle | null} */ bundle, /** @type {string} */ message) {
  if (bundle) showExamples(bundle, (path) => void showExample(path));
  if (picture) showError(message);
}

function introduce(/** @type {Bundle} */ { manifest, folder }, /** @type {Offer} */ offer) {
  const { input, labels, name } = manifest;
  document.title = `${name} · Edgeproof`;
  byId("title", HTMLElement).textContent = name;
  byId("subtitle", HTMLElement).textContent = input
    ? `Tells ${labels.length.toLocaleString("en")} classes apart in ${input.width} × ${input.height} ` +
      `${input.color === "gray" ? "gray" : "colour"} pixels: ${shortList(labels)}`
    : "This model does not take pictures; its golden inputs are checked below.";
  offerDrawing(input?.color === "gray", onTab);
  const report = byId("report", HTMLAnchorElement);
  report.hidden = !offer.report;
  report.href = new URL("report.html", folder).href;
}

function shortList(/** @type {string[]} */ labels) {
  return labels.length <= 10 ? labels.join(", ") : `${labels.slice(0, 8).join(", ")}, …`;
}

/** The pad writes as the golden images are written. */
async function preparePen(/** @type {WorkerClient} */ client) {
  const { shape, data } = await client.call("goldenImages");
  usePen(inkStyle(data, shape[1], shape[2]));
}

async function showExample(/** @type {string | undefined} */ path) {
  if (!current || !path) return;
  const golden = current.bundle.manifest.golden.files.find(({ file }) => file.path === path);
  if (!golden) return;
  select("file", onTab);
  try {
    const blob = new Blob([await current.bundle.read(golden.file)]);
    showPreview(blob);
    await classify({ blob });
  } catch (error) {
    showError(messageOf(error));
  }
}

async function classify(/** @type {Picture} */ wanted) {
  picture = wanted;
  if (!current) return;
  const mine = ++latest;
  const { client, bundle, loaded } = current;
  const { input, labels } = bundle.manifest;
  showBusy();
  try {
    if (!input) throw new Error(`${bundle.manifest.name} does not take pictures`);
    await loaded;
    const args =
      "blob" in wanted ? { bytes: new Uint8Array(await wanted.blob.arrayBuffer()) } : wanted;
    const answer = await client.call("classify", args);
    if (mine === latest) showAnswer(answer, labels, input);
  } catch (error) {
    if (mine === latest && !(error instanceof Stopped)) showError(messageOf(error));
  }
}

/** From the camera or the pad. */
function classifyPixels(/** @type {import("../types").Pixels} */ pixels) {
  mark(null);
  void classify({ pixels });
}

function clearAnswer() {
  picture = null;
  latest++;
  showEmpty();
}

function onTab(/** @type {import("./tabs.js").TabName} */ name) {
  if (name === "camera") void startCamera();
  else stopCamera();
  const drawn = name === "draw" ? drawing() : null;
  if (drawn) classifyPixels(drawn);
}

function messageOf(/** @type {unknown} */ error) {
  return error instanceof Error ? error.message : String(error);
}

start().catch((error) => {
  byId("title", HTMLElement).textContent = "The page could not start";
  byId("subtitle", HTMLElement).textContent = "";
  showProofError(messageOf(error));
});
