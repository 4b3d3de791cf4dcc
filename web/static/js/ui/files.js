/** Pictures as files: chosen, dropped anywhere on the page, or pasted. */

import { byId } from "./dom.js";

const SMALL_PIXELS = 128; // below this a preview shows its pixels

const input = byId("file", HTMLInputElement);
const preview = byId("preview", HTMLImageElement);
const prompt = byId("drop-prompt", HTMLElement);

/** @param {(file: Blob) => void} onFile */
export function setUpFiles(onFile) {
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = ""; // the same file may be chosen again
    if (file) onFile(file);
  });
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) onFile(file);
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dragging");
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
  preview.addEventListener("load", () => {
    const isSmall = Math.max(preview.naturalWidth, preview.naturalHeight) < SMALL_PIXELS;
    preview.toggleAttribute("data-small", isSmall);
  });
  // not a picture: the answer's place says so, the stage stays as it was
  preview.addEventListener("error", clearPreview);
}

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
