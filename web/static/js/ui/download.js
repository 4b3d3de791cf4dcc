/** Files made in the page, for the visitor to keep. */

import { element } from "./dom.js";

/**
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
export function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  // the browser has begun to read it by then; Safari asks a moment later
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
