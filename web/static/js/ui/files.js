/** Pictures as files: chosen, dropped anywhere on the page, or pasted; one or many. */

import { byId } from "./dom.js";

const input = byId("file", HTMLInputElement);

/** @param {(files: File[]) => void} onFiles */
export function setUpFiles(onFiles) {
  const give = (/** @type {FileList | null | undefined} */ list) => {
    const files = [...(list ?? [])];
    if (files.length > 0) onFiles(files);
    return files.length > 0;
  };
  input.addEventListener("change", () => {
    give(input.files);
    input.value = ""; // the same file may be chosen again
  });
  document.addEventListener("paste", (event) => give(event.clipboardData?.files));
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
    if (give(event.dataTransfer?.files)) event.preventDefault();
  });
}
