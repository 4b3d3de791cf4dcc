/** The picture on the stage. */

import { isDecodable } from "./ask.js";
import { byId } from "./dom.js";

const SMALL_PIXELS = 128; // below this a preview shows its pixels

const preview = byId("preview", HTMLImageElement);
const prompt = byId("drop-prompt", HTMLElement);

preview.addEventListener("load", () => {
  const isSmall = Math.max(preview.naturalWidth, preview.naturalHeight) < SMALL_PIXELS;
  preview.toggleAttribute("data-small", isSmall);
});
// not a picture: the answer's place says so, the stage is empty
preview.addEventListener("error", clearPreview);

let latest = 0;

/** Shows a picture on the stage, unless the worker will refuse it: then its error is the answer. */
export async function showPreview(/** @type {Blob} */ picture) {
  const mine = ++latest;
  const isShown = await isDecodable(picture);
  if (mine !== latest) return;
  clearPreview();
  if (!isShown) return;
  preview.src = URL.createObjectURL(picture);
  preview.hidden = false;
  prompt.hidden = true;
}

function clearPreview() {
  if (preview.src.startsWith("blob:")) URL.revokeObjectURL(preview.src);
  preview.removeAttribute("src");
  preview.hidden = true;
  prompt.hidden = false;
}
