/** Keeps what this visit used, for visits without a network, and says whether it could. */

import { SITE } from "../site.js";
import { byId } from "./dom.js";

const note = byId("offline", HTMLElement);

/**
 * @param {string[]} addresses what the worker fetched
 */
export async function keepForOffline(addresses) {
  // browsers offer it on https and localhost only
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register(new URL("sw.js", SITE));
    const { active } = await navigator.serviceWorker.ready;
    const own = performance.getEntriesByType("resource").map(({ name }) => name);
    const used = [SITE.href, ...own, ...addresses].filter((a) => a.startsWith(SITE.href));
    active?.postMessage({ keep: used });
  } catch (error) {
    say(`Not kept for offline use: ${error instanceof Error ? error.message : error}`);
  }
}

navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  say(data.failed ? "Not kept for offline use: storage is full or blocked" : "Works offline now");
});

function say(/** @type {string} */ text) {
  note.textContent = text;
  note.hidden = false;
}
