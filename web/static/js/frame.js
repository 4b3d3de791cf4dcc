/** Pixels of a camera's frame, read in the worker: the main thread only hands the frame over. */

/** @type {OffscreenCanvas | null} */
let canvas = null;

/**
 * The frame's pixels; the frame is closed, whatever happens.
 * @param {VideoFrame | ImageBitmap} frame
 * @returns {import("./types").Pixels}
 */
export function pixelsOfFrame(frame) {
  try {
    const isVideo = "displayWidth" in frame;
    const width = isVideo ? frame.displayWidth : frame.width;
    const height = isVideo ? frame.displayHeight : frame.height;
    // one canvas for all frames of a size: memory stays where it is, however long the camera runs
    if (canvas?.width !== width || canvas.height !== height) {
      canvas = new OffscreenCanvas(width, height);
    }
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("this browser gives no canvas to read a frame with; try another");
    context.drawImage(frame, 0, 0);
    return { width, height, rgba: context.getImageData(0, 0, width, height).data };
  } finally {
    frame.close();
  }
}
