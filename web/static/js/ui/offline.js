/**
 * The service worker: it keeps what this visit used for visits without a network, says whether it
 * could, and isolates the page for engines with threads where the host does not.
 */

import { SITE } from "../site.js";
import { byId } from "./dom.js";

// stands in the tab's storage while the page is loaded once more, so that it is once
const RELOADED = "edgeproof-reloaded-for-threads";

const note = byId("offline", HTMLElement);
const engine = byId("engine", HTMLSelectElement);

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

/**
 * Loads the page once more, through the service worker, if the chosen engine has threads and the
 * host did not isolate the page. Once for each tab: where that does not help, nothing will.
 */
async function isolateForThreads(/** @type {string | null} */ name) {
  if (!name?.endsWith("-threads") || crossOriginIsolated || !navigator.serviceWorker) return;
  try {
    if (sessionStorage.getItem(RELOADED)) return;
    sessionStorage.setItem(RELOADED, "yes");
    await navigator.serviceWorker.register(new URL("sw.js", SITE));
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) =>
        navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
      );
    }
    location.reload();
  } catch (error) {
    // storage or workers are blocked here: the engine itself says what it lacks
    say(`No threads: ${error instanceof Error ? error.message : error}`);
  }
}

navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  say(data.failed ? `Not kept for offline use: ${reason(data.failed)}` : "Works offline now");
});
void isolateForThreads(new URLSearchParams(location.search).get("engine"));
engine.addEventListener("change", () => void isolateForThreads(engine.value));

function reason(/** @type {string} */ failed) {
  return failed.includes("site changed")
    ? "the site changed meanwhile; reload the page"
    : "storage is full or blocked";
}

function say(/** @type {string} */ text) {
  note.textContent = text;
  note.hidden = false;
}
