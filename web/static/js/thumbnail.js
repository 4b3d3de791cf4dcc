/** Small copies of pictures for the lists of the page, made in the worker. */

/**
 * A small WebP (PNG where the browser writes none) of the picture that fits into a square.
 * @param {{blob: Blob, side: number}} wanted `side` in pixels
 * @returns {Promise<Blob>}
 * @throws {DOMException} the browser cannot decode it
 */
export async function thumbnail({ blob, side }) {
  const picture = await createImageBitmap(blob);
  try {
    // small pictures stay as they are: the page shows their pixels
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const width = Math.max(1, Math.round(picture.width * scale));
    const height = Math.max(1, Math.round(picture.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser gives no canvas for small pictures; try another");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    return await canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
  } finally {
    picture.close();
  }
}
