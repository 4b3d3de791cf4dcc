/** The drawing pad, for models of gray images such as handwritten digits. */

import { lineWidth, placed } from "../pen.js";
import { byId, contextOf } from "./dom.js";
import { pngOf } from "./png.js";

/**
 * @typedef {import("../pen.js").InkStyle} InkStyle
 * @typedef {import("../pen.js").Stroke} Stroke
 */

const PICTURE_SIDE = 320; // what the model's image is made from, by the input contract's own resize

const canvas = byId("pad", HTMLCanvasElement);
const prompt = byId("pad-prompt", HTMLElement);
const undo = byId("pad-undo", HTMLButtonElement);
const clear = byId("pad-clear", HTMLButtonElement);

/** @type {Stroke[]} */
let strokes = [];
/** The same object as long as it is the same drawing. */
let sheet = {};
/** @type {InkStyle} */
let style = { paper: 0, ink: 255, size: 0.8, thickness: 0.1 };

/**
 * @param {(picture: import("./answering.js").Picture) => void} onDrawing
 * @param {() => void} onEmpty
 */
export function setUpPad(onDrawing, onEmpty) {
  const changed = async () => {
    paint();
    if (strokes.length === 0) {
      sheet = {};
      onEmpty();
      return;
    }
    const drawn = await drawing();
    if (drawn) onDrawing(drawn);
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    strokes.push([pointOf(event)]);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    // the points between two frames too, so that quick strokes stay round
    const events = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1)?.push(...(events.length > 0 ? events : [event]).map(pointOf));
    paint();
  });
  canvas.addEventListener("pointerup", changed);
  canvas.addEventListener("pointercancel", changed);
  undo.addEventListener("click", () => {
    strokes.pop();
    changed();
  });
  clear.addEventListener("click", () => {
    strokes = [];
    changed();
  });
}

/** Draws as the model's data set does. */
export function usePen(/** @type {InkStyle} */ wanted) {
  style = wanted;
  paint();
}

/** @returns {Promise<import("./answering.js").Picture | null>} null where nothing is drawn */
export async function drawing() {
  if (strokes.length === 0) return null;
  const key = sheet;
  const count = strokes.length;
  const target = document.createElement("canvas");
  target.width = target.height = PICTURE_SIDE;
  const lines = placed(strokes, style, PICTURE_SIDE);
  drawInto(target, lines, lineWidth(lines, style, PICTURE_SIDE));
  const blob = await pngOf(target);
  // cleared or drawn on meanwhile: another call has what counts
  return key === sheet && count === strokes.length ? { blob, name: "Drawing", key } : null;
}

function pointOf(/** @type {PointerEvent} */ event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * canvas.width,
    y: ((event.clientY - box.top) / box.height) * canvas.height,
  };
}

function paint() {
  drawInto(canvas, strokes, style.thickness * canvas.height);
  prompt.hidden = strokes.length > 0;
  undo.disabled = clear.disabled = strokes.length === 0;
}

/**
 * @param {HTMLCanvasElement} target
 * @param {Stroke[]} lines
 * @param {number} width of a line
 */
function drawInto(target, lines, width) {
  const context = contextOf(target);
  const gray = (/** @type {number} */ v) => `rgb(${v} ${v} ${v})`;
  context.fillStyle = gray(style.paper);
  context.fillRect(0, 0, target.width, target.height);
  context.strokeStyle = gray(style.ink);
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  for (const line of lines) {
    context.beginPath();
    context.moveTo(line[0].x, line[0].y);
    // a line to the same point is a dot
    for (const point of line.length > 1 ? line.slice(1) : line) context.lineTo(point.x, point.y);
    context.stroke();
  }
}
