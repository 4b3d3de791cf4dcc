/** When the device has nothing to do for the visitor. */

// long enough to draw another stroke, or to look at an answer and choose the next picture
const QUIET_MS = 2000;
const LOOK_AGAIN_MS = 250;

/**
 * Resolves when the tab is visible, the worker was asked nothing for a while and the browser is
 * idle. A hidden tab waits: browsers slow it down, and figures from there are wrong.
 * @param {{quietMs: number}} client
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export async function whenIdle(client, signal) {
  while (document.visibilityState !== "visible" || client.quietMs < QUIET_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    signal.throwIfAborted();
  }
  // Safari has none
  if (!globalThis.requestIdleCallback) return;
  await new Promise((resolve) => requestIdleCallback(resolve, { timeout: QUIET_MS }));
  signal.throwIfAborted();
}
