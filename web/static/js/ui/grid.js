/** Many pictures at once: a tile for each, progress, and the table to take away. */

import { best } from "../scores.js";
import { Several } from "../several.js";
import { csvOf, jsonOf } from "../table.js";
import { askAbout, askForThumbnail } from "./ask.js";
import { byId } from "./dom.js";
import { download } from "./download.js";
import { Tile } from "./tile.js";

const TOP_K = 5;

const section = byId("several", HTMLElement);
const list = byId("several-list", HTMLElement);
const status = byId("several-status", HTMLElement);
const progress = byId("several-progress", HTMLProgressElement);
const stop = byId("several-stop", HTMLButtonElement);
const csv = byId("several-csv", HTMLButtonElement);
const json = byId("several-json", HTMLButtonElement);

/** @type {Map<import("../several.js").Entry, Tile>} */
const tiles = new Map();
const several = new Several({ classify, onChange });
let onChoose = (/** @type {File} */ _file) => {};

/** @param {(file: File) => void} choose what to do with a picture whose tile is chosen */
export function setUpGrid(choose) {
  onChoose = choose;
  stop.addEventListener("click", () => {
    if (several.isRunning) several.stop();
    else void several.run();
  });
  // a byte order mark, or a spreadsheet takes UTF-8 for another encoding
  csv.addEventListener("click", () =>
    download("edgeproof.csv", `\ufeff${csvOf(answered())}`, "text/csv"),
  );
  json.addEventListener("click", () =>
    download("edgeproof.json", jsonOf(answered()), "application/json"),
  );
  byId("several-clear", HTMLButtonElement).addEventListener("click", () => {
    several.clear();
    tiles.clear();
    list.replaceChildren();
    section.hidden = true;
    byId("tab-file", HTMLButtonElement).focus(); // the button is gone
  });
}

/** Classifies all of them, after those that still wait. */
export function classifyAll(/** @type {File[]} */ files) {
  for (const entry of several.add(files)) {
    const tile = new Tile(entry.file.name, () => onChoose(entry.file));
    tile.setState("waiting");
    tiles.set(entry, tile);
    list.append(tile.item);
  }
  section.hidden = false;
  section.scrollIntoView({ block: "nearest" });
  void several.run();
}

/** @param {import("../several.js").Entry} entry */
async function classify(entry) {
  const { answer, model } = await askAbout(entry.file);
  const { labels } = model.bundle.manifest;
  const scores = best(answer.probabilities, TOP_K).map((index) => ({
    label: labels[index],
    probability: answer.probabilities[index],
  }));
  await tiles.get(entry)?.showThumbnail(askForThumbnail(entry.file));
  return { scores, by: model.by };
}

function onChange(/** @type {import("../several.js").Entry | null} */ entry) {
  const tile = entry && tiles.get(entry);
  if (entry && tile) {
    if (entry.state === "busy") tile.setState("busy");
    else if (entry.state === "failed") tile.showError(entry.error ?? "");
    else tile.showScore(entry.scores[0].label, entry.scores[0].probability);
  }
  const { length } = several.entries;
  const done = length - several.left;
  progress.max = length;
  progress.value = done;
  progress.hidden = several.left === 0;
  stop.hidden = several.left === 0;
  stop.textContent = several.isRunning ? "Stop" : "Go on";
  csv.disabled = json.disabled = done === 0;
  say(done, length);
}

/** Told to screen readers a tenth at a time. */
function say(/** @type {number} */ done, /** @type {number} */ total) {
  const faults = several.failed === 0 ? "" : `, ${several.failed} without an answer`;
  const isEnd = !several.isRunning || done === total;
  if (!isEnd && done % Math.ceil(total / 10) !== 0) return;
  status.textContent =
    done === total ? `${total} pictures${faults}` : `${done} of ${total} pictures${faults}`;
}

/** @returns {import("../table.js").Answered[]} what is done */
function answered() {
  return several.entries
    .filter(({ state }) => state === "done" || state === "failed")
    .map(({ file, scores, error, by }) => ({ file: file.name, scores, error, by }));
}
