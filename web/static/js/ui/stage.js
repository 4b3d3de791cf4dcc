/** The picture on the stage. */

import { checkHeader } from "../header.js";
import { byId } from "./dom.js";

// what stands before a photograph's own pixels: EXIF's thumbnail and a colour profile are smaller
const HEAD_BYTES = 2 * 2 ** 20;
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

/** Whether its header promises no more than the page decodes anywhere. */
async function isDecodable(/** @type {Blob} */ picture) {
  try {
    checkHeader(new Uint8Array(await picture.slice(0, HEAD_BYTES).arrayBuffer()));
    return true;
  } catch {
    return false;
  }
}

function clearPreview() {
  if (preview.src.startsWith("blob:")) URL.revokeObjectURL(preview.src);
  preview.removeAttribute("src");
  preview.hidden = true;
  prompt.hidden = false;
}
