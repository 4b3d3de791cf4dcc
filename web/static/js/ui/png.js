/** A canvas as a PNG file, which keeps every opaque pixel as it is. */

/** @returns {Promise<Blob>} */
export function pngOf(/** @type {HTMLCanvasElement} */ canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error("this browser writes no PNG; try another")),
    );
  });
}
