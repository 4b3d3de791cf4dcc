/** An occlusion map in words: the same for those who see it and those who do not. */

import { percent } from "../ui/format.js";

const LEAST = 0.0005; // a twentieth of a point: nothing that a percentage with one decimal shows
const LONGEST = 60; // characters of a label

const ROWS = ["top", "middle", "bottom"];
const COLUMNS = ["left", "middle", "right"];

/**
 * @param {import("./occlusion.js").OcclusionMap} map
 * @param {string} label
 * @param {{width: number, height: number}} size of the image
 */
export function inWords({ probability, patch, lefts, tops, drops }, label, size) {
  // by itself, whichever way it is written (Unicode's isolates), and no longer than a line
  const short = label.length > LONGEST ? `${label.slice(0, LONGEST)}…` : label;
  const quoted = `“\u2068${short}\u2069”`;
  const { most, least } = extremes(drops);
  if (drops[most] < LEAST && drops[least] > -LEAST) {
    return `No single part decides: covering any of them changes the probability of ${quoted} by less than 0.1 points.`;
  }
  const place = (/** @type {number} */ index) =>
    region(
      lefts[index % lefts.length] + patch.width / 2,
      tops[Math.floor(index / lefts.length)] + patch.height / 2,
      size,
    );
  const sentences = [];
  if (drops[most] >= LEAST) {
    sentences.push(
      `Covering the ${place(most)} lowers the probability of ${quoted} by up to ` +
        `${points(drops[most])}, from ${percent(probability)} to ${percent(Math.max(0, probability - drops[most]))}.`,
    );
  } else {
    sentences.push(`Covering no part lowers the probability of ${quoted}.`);
  }
  if (drops[least] <= -LEAST) {
    sentences.push(`Covering the ${place(least)} raises it by up to ${points(-drops[least])}.`);
  }
  return sentences.join(" ");
}

/**
 * What the strongest colour stands for: the largest change of a pixel.
 * @param {Float32Array} heat
 */
export function strongest(heat) {
  const { most, least } = extremes(heat);
  return Math.max(heat[most], -heat[least], LEAST);
}

export function points(/** @type {number} */ drop) {
  const value = drop * 100;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} points`;
}

/** Where the largest and the smallest of the drops are. */
function extremes(/** @type {Float32Array} */ drops) {
  let [most, least] = [0, 0];
  for (let i = 1; i < drops.length; i++) {
    if (drops[i] > drops[most]) most = i;
    if (drops[i] < drops[least]) least = i;
  }
  return { most, least };
}

function region(
  /** @type {number} */ x,
  /** @type {number} */ y,
  /** @type {{width: number, height: number}} */ { width, height },
) {
  const row = ROWS[Math.min(2, Math.floor((3 * y) / height))];
  const column = COLUMNS[Math.min(2, Math.floor((3 * x) / width))];
  if (row === column) return "middle";
  if (row === "middle") return `${column} side`;
  return column === "middle" ? row : `${row} ${column}`;
}
