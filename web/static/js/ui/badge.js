/** The proof's badge and the figures behind it. */

import { byId, element } from "./dom.js";
import { scientific } from "./format.js";

const SHOWN_FAULTS = 8;

const box = byId("proof", HTMLDetailsElement);
const summary = byId("proof-summary", HTMLElement);
const details = byId("proof-details", HTMLElement);

export function showWaiting(/** @type {string} */ text) {
  box.dataset.state = "busy";
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
 */
export function showProof(proof, engine) {
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
        `An error up to ${scientific(proof.tolerance)} of the largest value passes: ${proof.why}.`,
    ),
    ...(proof.passed
      ? []
      : [
          element(
            "p",
            {},
            "Choose another engine or variant; until then, do not trust the answers.",
          ),
          faults(failed),
        ]),
  );
}

export function showProofError(/** @type {string} */ message) {
  box.dataset.state = "failed";
  summary.textContent = "Could not be checked on this device";
  details.replaceChildren(element("p", {}, message));
}

function faults(/** @type {import("../proof.js").Case[]} */ failed) {
  const items = failed
    .slice(0, SHOWN_FAULTS)
    .map(({ name, fault }) => element("li", {}, element("strong", {}, name), `: ${fault}`));
  if (failed.length > SHOWN_FAULTS)
    items.push(element("li", {}, `and ${failed.length - SHOWN_FAULTS} more`));
  return element("ul", {}, ...items);
}
