/** Live mode: frame after frame of the camera to the model, as fast as this device can, no faster. */

import { Pace } from "../live/pace.js";
import { byId } from "./dom.js";

const TOLD_EVERY_MS = 500; // frames per second are read by people

const video = byId("video", HTMLVideoElement);
const toggle = byId("camera-live", HTMLButtonElement);
const rate = byId("camera-rate", HTMLElement);

let pace = new Pace();
let isOn = false;
let told = 0;

/**
 * @param {object} wiring
 * @param {() => void} wiring.onBegin
 * @param {(frame: VideoFrame | ImageBitmap) => Promise<boolean>} wiring.onFrame false ends it
 */
export function setUpLive({ onBegin, onFrame }) {
  const take = async () => {
    if (!isOn) return;
    next(take);
    if (document.hidden) return; // it says that it is paused
    const now = performance.now();
    tell(now);
    if (video.readyState < video.HAVE_CURRENT_DATA || !pace.wants(now)) return;
    const mine = pace;
    mine.begin(now);
    try {
      if (!(await onFrame(await frameOf(video)))) stopLive();
    } finally {
      mine.end(performance.now());
    }
  };
  toggle.addEventListener("click", () => {
    if (isOn) {
      stopLive();
      return;
    }
    isOn = true;
    pace = new Pace();
    toggle.setAttribute("aria-pressed", "true");
    onBegin();
    next(take);
  });
  document.addEventListener("visibilitychange", () => {
    if (isOn && document.hidden) rate.textContent = "paused";
  });
}

export function stopLive() {
  isOn = false;
  toggle.setAttribute("aria-pressed", "false");
  rate.hidden = true;
}

/** Calls at the camera's next frame; where the browser cannot tell, at the screen's. */
function next(/** @type {() => void} */ callback) {
  if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(callback);
  else requestAnimationFrame(callback);
}

/** The frame itself where the browser has such a thing: no pixel is copied on this thread. */
function frameOf(/** @type {HTMLVideoElement} */ source) {
  return typeof VideoFrame === "undefined" ? createImageBitmap(source) : new VideoFrame(source);
}

function tell(/** @type {number} */ now) {
  if (now - told < TOLD_EVERY_MS) return;
  told = now;
  const perSecond = pace.perSecond(now);
  rate.hidden = perSecond === null;
  if (perSecond !== null) {
    const digits = perSecond < 9.5 ? 1 : 0;
    rate.textContent = `${perSecond.toFixed(digits)} frames/s`;
  }
}
