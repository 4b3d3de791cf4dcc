/** The proof's badge and the figures behind it. */

import { byId, element } from "./dom.js";
import { limit, scientific } from "./format.js";

const SHOWN_FAULTS = 8;

/** @typedef {{label: string, run: () => void}} Action what a button offers to do about it */

const box = byId("proof", HTMLDetailsElement);
const summary = byId("proof-summary", HTMLElement);
const details = byId("proof-details", HTMLElement);

export function showWaiting(/** @type {string} */ text) {
  box.dataset.state = "busy";
  box.open &&= !box.dataset.opened;
  delete box.dataset.opened;
  summary.textContent = text;
  details.replaceChildren(
    element(
      "p",
      {},
      "Golden inputs that came with the model are run here " +
        "and compared with what it answered when it was trained.",
    ),
  );
}

/** Only every tenth step is told to screen readers, by changing the text that seldom. */
export function showProgress(/** @type {{done: number, total: number}} */ { done, total }) {
  const tenth = Math.floor((done / total) * 10) * 10;
  const text = `Checking against training … ${tenth} %`;
  if (summary.textContent !== text) summary.textContent = text;
}

/**
 * @param {import("../proof.js").Proof} proof
 * @param {string} engine for people
 * @param {string[]} notes what happened before: engines that were given up
 * @param {Action | null} action where another engine may be right
 */
export function showProof(proof, engine, notes, action) {
  const score = `${proof.agreeing}/${proof.total}`;
  const failed = proof.cases.filter((c) => c.fault !== null);
  box.dataset.state = proof.passed ? "passed" : "failed";
  summary.textContent = proof.passed
    ? `Matches training on this device: ${score}, worst error ${scientific(proof.worst)}`
    : `Does not match training on this device: ${score}. ` +
      `First: ${failed[0]?.name ?? "nothing was compared"}`;
  details.replaceChildren(
    element(
      "p",
      {},
      `${proof.total} golden inputs and files were run ${proof.rounds} times on ${engine} and ` +
        `${proof.values.toLocaleString("en")} output values compared with the Keras model's. ` +
        `An error of up to ${limit(proof.tolerance)} of the largest value passes: ${proof.why}.`,
    ),
    ...notes.map((note) => element("p", {}, note)),
    ...(proof.passed ? [] : [element("p", {}, advice(proof)), ...buttonOf(action), faults(failed)]),
    figures(proof.cases),
  );
  if (!proof.passed) openUp();
}

/**
 * @param {string} message
 * @param {string[]} [notes]
 * @param {Action | null} [action]
 */
export function showProofError(message, notes = [], action = null) {
  box.dataset.state = "failed";
  summary.textContent = "Could not be checked on this device";
  const said = [message, ...notes].map((text) => element("p", {}, text));
  details.replaceChildren(...said, ...buttonOf(action));
  openUp();
}

/** A fault is not hidden; it closes again with the fault. */
function openUp() {
  if (box.open) return;
  box.open = true;
  box.dataset.opened = "by a fault";
}

function advice(/** @type {import("../proof.js").Proof} */ { engineAtFault }) {
  return engineAtFault
    ? "Choose another engine or variant; until then, do not trust the answers."
    : "This browser makes other pixels of these files, whatever the engine: use another browser, " +
        "and do not trust its answers for such files.";
}

/** @returns {HTMLElement[]} */
function buttonOf(/** @type {Action | null} */ action) {
  if (!action) return [];
  const button = element("button", { type: "button", id: "remedy" }, action.label);
  button.addEventListener("click", action.run);
  return [element("p", {}, button)];
}

function figures(/** @type {import("../proof.js").Case[]} */ cases) {
  const rows = cases.map(({ name, error, fault }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", { class: "number" }, scientific(error)),
      element("td", {}, fault === null ? "passed" : "failed"),
    ),
  );
  const head = ["What was run", "Worst error", "Result"].map((t) =>
    element("th", { scope: "col" }, t),
  );
  return element(
    "div",
    { class: "figures", tabindex: "0", role: "region", "aria-label": "Every error" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  );
}

function faults(/** @type {import("../proof.js").Case[]} */ failed) {
  const items = failed
    .slice(0, SHOWN_FAULTS)
    .map(({ name, fault }) => element("li", {}, element("strong", {}, name), `: ${fault}`));
  if (failed.length > SHOWN_FAULTS)
    items.push(element("li", {}, `and ${failed.length - SHOWN_FAULTS} more`));
  return element("ul", {}, ...items);
}
