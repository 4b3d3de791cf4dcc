/** The search for a faster engine as visitors see it: what is measured, what is offered, and how. */

import { setSwitchesByItself, switchesByItself } from "../auto/memory.js";
import { engineTitle } from "./choices.js";
import { byId, element } from "./dom.js";
import { kilobytes, milliseconds } from "./format.js";

/**
 * @typedef {import("../auto/downloads.js").Candidate} Candidate
 * @typedef {import("../auto/search.js").Figure} Figure
 */

const place = byId("fastest", HTMLElement);

export function clearFastest() {
  place.replaceChildren();
}

export function showMeasuring(/** @type {Candidate} */ { engine }) {
  place.replaceChildren(note(`Measuring ${engineTitle(engine)} while nothing else is to do …`));
}

/** @param {string} reason */
export function showNotMeasured(reason) {
  place.replaceChildren(note(`The other engines could not be measured: ${reason}`));
}

/**
 * @param {object} found
 * @param {Figure[]} found.figures all that were measured
 * @param {Figure} found.used
 * @param {Figure} found.best
 * @param {number} found.unmeasured bytes that measuring the others would download; 0: there are none
 * @param {{use: () => void, measure: () => void, onSwitches: () => void}} actions
 */
export function showFastest({ figures, used, best, unmeasured }, actions) {
  const isFastest = used === best || used.ms === null || best.ms === null;
  const parts = [];
  if (figures.length > 1) {
    parts.push(
      isFastest
        ? note(`${engineTitle(used.engine)} is the fastest measured here.`)
        : element(
            "p",
            { class: "faster", role: "status" },
            element("span", {}, offerText(used, best)),
            button("Use it", "use-faster", actions.use),
          ),
    );
  }
  if (unmeasured > 0) {
    parts.push(
      element(
        "p",
        { class: "faster" },
        element("span", {}, "Other engines may be faster here."),
        button(`Measure them, ${kilobytes(unmeasured)}`, "measure-others", actions.measure),
      ),
    );
  }
  parts.push(switchesField(actions.onSwitches));
  if (figures.length > 1) parts.push(table(figures));
  place.replaceChildren(...parts);
}

function offerText(/** @type {Figure} */ used, /** @type {Figure} */ best) {
  const times = (used.ms ?? 0) / (best.ms ?? 1);
  const factor = times < 10 ? times.toFixed(1) : Math.round(times).toString();
  return (
    `${engineTitle(best.engine)} is ${factor}× as fast here and matches training: ` +
    `${precise(best.ms ?? 0)} instead of ${precise(used.ms ?? 0)}.`
  );
}

function switchesField(/** @type {() => void} */ onSwitches) {
  const box = /** @type {HTMLInputElement} */ (
    element("input", { type: "checkbox", id: "switches" })
  );
  box.checked = switchesByItself();
  const field = element("label", { class: "switches" }, box, "Measure all and switch by itself");
  box.addEventListener("change", () => {
    const isKept = setSwitchesByItself(box.checked);
    if (!isKept) field.append(" (for this visit: this browser stores nothing)");
    if (box.checked) onSwitches();
  });
  return field;
}

function table(/** @type {Figure[]} */ figures) {
  const rows = [...figures]
    .sort((a, b) => (a.ms ?? Infinity) - (b.ms ?? Infinity))
    .map((figure) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, engineTitle(figure.engine)),
        element("td", { class: "number" }, figure.ms === null ? "–" : precise(figure.ms)),
        element("td", {}, verdict(figure)),
      ),
    );
  const head = ["Engine", "One picture", "Matches training"];
  return element(
    "details",
    { class: "measured" },
    element("summary", {}, "What was measured"),
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element("tr", {}, ...head.map((t) => element("th", { scope: "col" }, t))),
      ),
      element("tbody", {}, ...rows),
    ),
  );
}

function verdict(/** @type {Figure} */ { passed, reason }) {
  if (reason !== null) return reason;
  if (passed === null) return "not checked: slower";
  return passed ? "yes" : "no";
}

/** Small models take a fraction of a millisecond. */
function precise(/** @type {number} */ ms) {
  return ms < 1 ? `${ms.toFixed(2)} ms` : milliseconds(ms);
}

function note(/** @type {string} */ text) {
  return element("p", {}, text);
}

function button(
  /** @type {string} */ text,
  /** @type {string} */ id,
  /** @type {() => void} */ onClick,
) {
  const made = element("button", { id, type: "button" }, text);
  made.addEventListener("click", onClick);
  return made;
}
