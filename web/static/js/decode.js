/**
 * Encoded pictures to exact pixels, as the file stores them: no colour management, no rotation,
 * no premultiplied alpha.
 *
 * A 2D canvas stores colours multiplied with alpha, so what comes back is exact for pixels that
 * are opaque or fully transparent (where only the background counts) and rounded for the others.
 * Pictures that have such pixels are therefore decoded again: with WebCodecs where it is
 * available, else through a WebGL texture, which keeps straight alpha.
 */

import { orientationOf, withoutExif } from "./exif.js";

/** @typedef {import("./types").Pixels} Pixels */

const MAX_PIXELS = 30_000_000; // as edge/pictures/plain.py

/**
 * @param {Uint8Array<ArrayBuffer>} bytes a whole encoded picture
 * @returns {Promise<{pixels: Pixels, orientation: number}>}
 */
export async function decoded(bytes) {
  const orientation = orientationOf(bytes);
  const file = new Blob(withoutExif(bytes));
  const bitmap = await bitmapOf(file);
  try {
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS) {
      throw new Error(
        `expected at most ${MAX_PIXELS.toLocaleString("en")} pixels, got ${width} x ${height}; ` +
          "choose a smaller picture",
      );
    }
    const pixels = throughCanvas(bitmap);
    if (!hasPartialAlpha(pixels)) return { pixels, orientation };
    const exact = (await throughWebCodecs(file, width, height)) ?? throughWebgl(bitmap);
    return { pixels: exact, orientation };
  } finally {
    bitmap.close();
  }
}

/** @returns {Promise<ImageBitmap>} */
async function bitmapOf(/** @type {Blob} */ file) {
  try {
    return await createImageBitmap(file, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch (error) {
    throw new Error(
      "expected a picture that this browser can decode (PNG, JPEG, WebP, ...), got something else",
      { cause: error },
    );
  }
}

/** @returns {Pixels} */
function throughCanvas(/** @type {ImageBitmap} */ bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no canvas to read a picture with; try another");
  context.drawImage(bitmap, 0, 0);
  return { width, height, rgba: context.getImageData(0, 0, width, height).data };
}

function hasPartialAlpha(/** @type {Pixels} */ { rgba }) {
  for (let i = 3; i < rgba.length; i += 4) {
    if (rgba[i] !== 255 && rgba[i] !== 0) return true;
  }
  return false;
}

/**
 * @param {Blob} file
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Pixels | null>} null where WebCodecs cannot give plain RGBA
 */
async function throughWebCodecs(file, width, height) {
  if (typeof ImageDecoder === "undefined") return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const type = mimeTypeOf(bytes);
  if (!type || !(await ImageDecoder.isTypeSupported(type))) return null;
  const decoder = new ImageDecoder({
    type,
    data: bytes,
    colorSpaceConversion: "none",
    preferAnimation: false,
  });
  try {
    const { image } = await decoder.decode();
    const swapped = image.format === "BGRA";
    const fits = image.codedWidth === width && image.codedHeight === height;
    // a frame in YUV would be converted by other arithmetic than the file format's own
    if (!fits || !(swapped || image.format === "RGBA")) {
      image.close();
      return null;
    }
    const rgba = new Uint8Array(width * height * 4);
    await image.copyTo(rgba, { layout: [{ offset: 0, stride: width * 4 }] });
    image.close();
    if (swapped) swapRedAndBlue(rgba);
    return { width, height, rgba };
  } finally {
    decoder.close();
  }
}

/** @returns {string | null} */
function mimeTypeOf(/** @type {Uint8Array} */ bytes) {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  if (head.startsWith("\x89PNG")) return "image/png";
  if (head.startsWith("RIFF") && head.endsWith("WEBP")) return "image/webp";
  if (head.startsWith("GIF8")) return "image/gif";
  if (head.slice(4, 12) === "ftypavif") return "image/avif";
  return null;
}

function swapRedAndBlue(/** @type {Uint8Array} */ pixels) {
  for (let i = 0; i < pixels.length; i += 4) {
    const blue = pixels[i];
    pixels[i] = pixels[i + 2];
    pixels[i + 2] = blue;
  }
}

/** @returns {Pixels} */
function throughWebgl(/** @type {ImageBitmap} */ bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    throw new Error(
      "this browser cannot read partly transparent pixels exactly; save the picture without alpha",
    );
  }
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return { width, height, rgba };
}
