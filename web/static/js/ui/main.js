/** The page: choices in, a worker for them, pictures to it, answers out. */

import { Bundle } from "../bundle.js";
import { Stopped, WorkerClient } from "../client.js";
import { inkStyle } from "../pen.js";
import { showProgress, showProof, showProofError, showWaiting } from "./badge.js";
import { setUpCamera, startCamera, stopCamera } from "./camera.js";
import { choice, engineTitle, rememberChoice, setUpChoices } from "./choices.js";
import { byId } from "./dom.js";
import { mark, showExamples } from "./examples.js";
import { setUpFiles, showPreview } from "./files.js";
import { milliseconds } from "./format.js";
import { setUpGallery } from "./gallery.js";
import { keepForOffline } from "./offline.js";
import { offered, offerOf } from "./offers.js";
import { drawing, setUpPad, usePen } from "./pad.js";
import { setDoubt, showAnswer, showBusy, showEmpty, showError } from "./results.js";
import { offerDrawing, select, setUpTabs } from "./tabs.js";

/**
 * @typedef {import("./offers.js").Offer} Offer
 * @typedef {{blob: Blob} | {pixels: import("../types").Pixels}} Picture
 */

const loadNote = byId("load-note", HTMLElement);

/** @type {{client: WorkerClient, bundle: Bundle, loaded: Promise<unknown>} | null} */
let current = null;
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
  setUpChoices(offers, () => void load());
  setUpGallery(offers);
  await load();
}

/** Starts a worker for the current choice, lets it prove itself, and answers the picture again. */
async function load() {
  const chosen = choice();
  rememberChoice();
  current?.client.close();
  setDoubt(false);
  showWaiting("Loading the model …");
  loadNote.textContent = "";
  const client = new WorkerClient();
  try {
    const offer = offerOf(chosen.bundle);
    const bundle = await Bundle.open(offer);
    introduce(bundle, offer);
    const loaded = client.call("load", { ...chosen, bundle: offer });
    current = { client, bundle, loaded };
    const { version, loadMs } = await loaded;
    loadNote.textContent = `${version}, loaded in ${milliseconds(loadMs)}`;
    // nothing chosen yet: the first example shows what the model does
    await (picture ? classify(picture) : showExample(bundle.manifest.golden.files[0]?.file.path));
    if (bundle.manifest.input?.color === "gray") await preparePen(client);
    showExamples(bundle, (path) => void showExample(path));
    showWaiting("Checking against training …");
    const proof = await client.call("prove", null, { onProgress: showProgress });
    showProof(proof, engineTitle(chosen.engine));
    setDoubt(!proof.passed);
    await keepForOffline(await client.call("resources"));
  } catch (error) {
    if (error instanceof Stopped) return;
    if (current) showExamples(current.bundle, (path) => void showExample(path));
    showProofError(messageOf(error));
    loadNote.textContent = "";
    if (picture) showError(messageOf(error));
  }
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
