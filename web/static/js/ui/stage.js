/** The picture on the stage. */

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

/** Shows a picture on the stage. */
export function showPreview(/** @type {Blob} */ picture) {
  clearPreview();
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
