/**
 * A decoded bitmap's exact pixels, some rows at a time: no colour management, no rotation, no
 * premultiplied alpha, and never a second whole picture.
 *
 * A `VideoFrame` around the bitmap gives its very bytes: 12 megapixels in 4 ms, where a 2D canvas
 * takes 65. The canvas is for browsers without. It stores colours multiplied with alpha, so what
 * comes back is exact for pixels that are opaque or fully transparent (where only the background
 * counts) and rounded for the others; rows with such pixels are read through a WebGL texture,
 * which keeps straight alpha.
 */

/**
 * @typedef {import("./color.js").Layout} Layout
 * @typedef {import("./fit.js").Box} Box
 * @typedef {object} Strips
 * @property {Layout} layout
 * @property {(box: Box) => Promise<Uint32Array>} read what it gives is valid until the next call
 * @property {() => void} close
 */

/** @type {Record<string, Layout>} */
const LAYOUTS = {
  RGBA: { blueFirst: false, opaque: false },
  RGBX: { blueFirst: false, opaque: true },
  BGRA: { blueFirst: true, opaque: false },
  BGRX: { blueFirst: true, opaque: true },
};

// a PNG of four pixels that are partly transparent
const PROBE =
  "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABCAYAAAD5PA/NAAAAGUlEQVR4" +
  "2mP4xcnMyMjEzOTbdKKBM/n4PwAhwAVY+/AVQAAAAABJRU5ErkJggg==";
const PROBE_RGBA = [250, 9, 3, 1, 1, 2, 3, 2, 77, 130, 200, 128, 9, 99, 199, 254];

const MAX_CANVAS_SIDE = 16_384;

/** @type {Promise<boolean> | undefined} */
let exactFrames;

/** The bitmap as the file stores it. */
export function bitmapOf(/** @type {Blob} */ file) {
  return createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

/** @returns {Promise<Strips>} */
export async function stripsOf(/** @type {ImageBitmap} */ bitmap) {
  exactFrames ??= areFramesExact();
  return ((await exactFrames) && throughFrame(bitmap)) || throughCanvas(bitmap);
}

/** Whether this browser's frames give the bytes of a known picture. */
async function areFramesExact() {
  if (typeof VideoFrame === "undefined") return false;
  const bytes = Uint8Array.from(atob(PROBE), (c) => c.charCodeAt(0));
  const bitmap = await bitmapOf(new Blob([bytes]));
  try {
    const strips = throughFrame(bitmap);
    if (!strips) return false;
    const pixels = await strips.read({ left: 0, top: 0, width: 4, height: 1 });
    strips.close();
    const order = strips.layout.blueFirst ? [2, 1, 0, 3] : [0, 1, 2, 3];
    const levels = new Uint8Array(pixels.buffer);
    return PROBE_RGBA.every((level, i) => levels[(i & ~3) + order[i & 3]] === level);
  } catch {
    return false; // whatever it is that this browser lacks, the canvas does without
  } finally {
    bitmap.close();
  }
}

/** @returns {Strips | null} null where there is no frame of the bitmap's own bytes */
function throughFrame(/** @type {ImageBitmap} */ bitmap) {
  const frame = frameOf(bitmap);
  if (!frame) return null;
  const layout = LAYOUTS[frame.format ?? ""];
  if (!layout || frame.codedWidth !== bitmap.width || frame.codedHeight !== bitmap.height) {
    frame.close();
    return null;
  }
  let pixels = new Uint32Array(0);
  return {
    layout,
    async read({ left, top, width, height }) {
      if (pixels.length < width * height) pixels = new Uint32Array(width * height);
      await frame.copyTo(pixels, {
        rect: { x: left, y: top, width, height },
        layout: [{ offset: 0, stride: width * 4 }],
      });
      return pixels;
    },
    close: () => frame.close(),
  };
}

function frameOf(/** @type {ImageBitmap} */ bitmap) {
  try {
    return new VideoFrame(bitmap, { timestamp: 0 });
  } catch {
    return null; // a video's sides have limits of their own, 32,767 pixels in Chromium
  }
}

/** @returns {Strips} */
function throughCanvas(/** @type {ImageBitmap} */ bitmap) {
  /** @type {OffscreenCanvasRenderingContext2D | null} */
  let context = null;
  /** @type {ReturnType<typeof throughWebgl> | null} */
  let texture = null;
  const read = (/** @type {Box} */ box) => {
    if (texture) return texture.read(box);
    context ??= canvasOf(box);
    const { left, top, width, height } = box;
    context.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    if (!isPartlyTransparent(pixels)) return pixels;
    texture = throughWebgl(bitmap);
    return texture.read(box);
  };
  return {
    layout: LAYOUTS.RGBA,
    async read(box) {
      if (box.width <= MAX_CANVAS_SIDE) return read(box);
      const pixels = new Uint32Array(box.width * box.height);
      for (const part of columnsOf(box)) {
        const columns = read(part);
        for (let y = 0; y < part.height; y++) {
          const row = columns.subarray(y * part.width, (y + 1) * part.width);
          pixels.set(row, y * box.width + part.left - box.left);
        }
      }
      return pixels;
    },
    close: () => texture?.close(),
  };
}

/** A box in parts that a canvas can hold, from left to right. @returns {Box[]} */
function columnsOf(/** @type {Box} */ { left, top, width, height }) {
  return Array.from({ length: Math.ceil(width / MAX_CANVAS_SIDE) }, (_, i) => ({
    left: left + i * MAX_CANVAS_SIDE,
    top,
    width: Math.min(MAX_CANVAS_SIDE, width - i * MAX_CANVAS_SIDE),
    height,
  }));
}

function canvasOf(/** @type {Box} */ { width, height }) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no canvas to read a picture with; try another");
  context.globalCompositeOperation = "copy";
  return context;
}

function isPartlyTransparent(/** @type {Uint32Array} */ pixels) {
  return pixels.some((pixel) => pixel >>> 24 !== 255 && pixel >>> 24 !== 0);
}

function throughWebgl(/** @type {ImageBitmap} */ bitmap) {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(bitmap.width, bitmap.height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    throw new Error(
      "this browser cannot read partly transparent pixels exactly; save the picture without alpha",
    );
  }
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  return {
    read(/** @type {Box} */ { left, top, width, height }) {
      const bytes = new Uint8Array(width * height * 4);
      gl.readPixels(left, top, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      return new Uint32Array(bytes.buffer);
    },
    close: () => gl.getExtension("WEBGL_lose_context")?.loseContext(),
  };
}
