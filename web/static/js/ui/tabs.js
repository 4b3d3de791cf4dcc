/** The tabs over the picture: file, camera, pad. Arrow keys move between them (ARIA's pattern). */

import { byId } from "./dom.js";

const NAMES = /** @type {const} */ (["file", "camera", "draw"]);

/** @typedef {typeof NAMES[number]} TabName */

const tabs = NAMES.map((name) => byId(`tab-${name}`, HTMLButtonElement));

/** @param {(name: TabName) => void} onChange */
export function setUpTabs(onChange) {
  for (const [i, tab] of tabs.entries()) {
    tab.addEventListener("click", () => select(NAMES[i], onChange));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const visible = tabs.filter((t) => !t.hidden);
      const next = visible[(visible.indexOf(tab) + step + visible.length) % visible.length];
      next.focus();
      next.click();
    });
  }
}

/** @param {TabName} name @param {(name: TabName) => void} onChange */
export function select(name, onChange) {
  for (const [i, tab] of tabs.entries()) {
    const isSelected = NAMES[i] === name;
    tab.setAttribute("aria-selected", String(isSelected));
    tab.tabIndex = isSelected ? 0 : -1;
    byId(`panel-${NAMES[i]}`, HTMLElement).hidden = !isSelected;
  }
  onChange(name);
}

/** Offers the pad or hides it; a hidden tab is left. */
export function offerDrawing(
  /** @type {boolean} */ offered,
  /** @type {(name: TabName) => void} */ onChange,
) {
  const tab = byId("tab-draw", HTMLButtonElement);
  tab.hidden = !offered;
  if (!offered && tab.getAttribute("aria-selected") === "true") select("file", onChange);
}

/** @returns {TabName} */
export function selected() {
  return NAMES[tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true")];
}
