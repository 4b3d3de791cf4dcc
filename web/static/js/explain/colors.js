/**
 * The colours of an occlusion map over the picture that the model saw. The picture keeps its light
 * and dark, subdued; heat adds light and colour to it, both in even steps of OKLab (Ottosson, 2020),
 * so that twice the drop looks twice as strong, in gray and to colour-blind people too: what lowers
 * the probability glows amber, what raises it blue.
 */

const DARKEST = 0.2; // lightness in OKLab of a black pixel without heat
const PICTURE = 0.24; // what a white one has above that
const HEAT = { light: 0.38, chroma: 0.12, hue: 70 };
const COLD = { light: 0.24, chroma: 0.12, hue: 250 };

/**
 * @param {number} luminance of the picture, 0 to 1
 * @param {number} heat -1 to 1, positive where covering lowers the probability
 * @returns {[number, number, number]} sRGB, 0 to 255
 */
export function colorOf(luminance, heat) {
  const strength = Math.min(1, Math.abs(heat));
  const { light, chroma, hue } = heat > 0 ? HEAT : COLD;
  const angle = (hue * Math.PI) / 180;
  return srgbOf(
    DARKEST + PICTURE * luminance + light * strength,
    chroma * strength * Math.cos(angle),
    chroma * strength * Math.sin(angle),
  );
}

/**
 * The map as pixels.
 * @param {Uint8Array} image height x width x channels
 * @param {Float32Array} heat height x width
 * @param {number} full the drop that gets the strongest colour
 * @returns {Uint8ClampedArray<ArrayBuffer>} RGBA
 */
export function heatPixels(image, heat, full) {
  const channels = image.length / heat.length;
  const rgba = new Uint8ClampedArray(heat.length * 4);
  for (let i = 0; i < heat.length; i++) {
    const [red, green, blue] = image.subarray(i * channels, (i + 1) * channels);
    const gray = channels === 1 ? red : 0.299 * red + 0.587 * green + 0.114 * blue;
    rgba.set([...colorOf(gray / 255, heat[i] / full), 255], i * 4);
  }
  return rgba;
}

/** @returns {[number, number, number]} OKLab to sRGB, 0 to 255, cut to what a screen can show */
function srgbOf(/** @type {number} */ light, /** @type {number} */ a, /** @type {number} */ b) {
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** sRGB's own curve (IEC 61966-2-1). */
function encoded(/** @type {number} */ linear) {
  const v = Math.min(1, Math.max(0, linear));
  return 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
}
