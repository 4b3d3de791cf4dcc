/** The camera: which one, its live view, one picture of it when asked, and why there is none. */

import { byId, contextOf } from "./dom.js";
import { pngOf } from "./png.js";

const video = byId("video", HTMLVideoElement);
const message = byId("camera-message", HTMLElement);
const note = byId("camera-note", HTMLElement);
const take = byId("camera-take", HTMLButtonElement);
const live = byId("camera-live", HTMLButtonElement);
const other = byId("camera-switch", HTMLButtonElement);

/** @type {MediaStream | null} */
let stream = null;
/** Which camera is wanted. @type {MediaTrackConstraints} */
let which = { facingMode: "environment" };
/** Each start has a number: what an overtaken one opens is closed again. */
let latest = 0;
let onStopped = () => {};

/** Why a camera cannot be used, for people. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError:
    "The camera is not allowed here. Allow it in the browser's settings, then choose Camera again.",
  NotFoundError: "No camera was found on this device. Choose a picture instead.",
  NotReadableError: "The camera is used by another program. Close that, then choose Camera again.",
  OverconstrainedError: "No camera here fits. Choose a picture instead.",
};

/**
 * @param {object} wiring
 * @param {(picture: Blob) => void} wiring.onPicture
 * @param {() => void} wiring.onStop the view ended: left, disconnected, switched
 */
export function setUpCamera({ onPicture, onStop }) {
  onStopped = onStop;
  take.addEventListener("click", async () => onPicture(await still()));
  other.addEventListener("click", async () => {
    which = await nextCamera();
    await startCamera();
  });
}

/** Shows the live view, or says why there is none. */
export async function startCamera() {
  stopCamera();
  const mine = ++latest;
  if (!navigator.mediaDevices?.getUserMedia) {
    say("A camera needs a secure address (https or localhost). Choose a picture instead.");
    return;
  }
  say("Asking for the camera …");
  try {
    const opened = await navigator.mediaDevices.getUserMedia({ video: which });
    if (mine !== latest) {
      close(opened);
      return;
    }
    stream = opened;
    video.srcObject = opened;
    await video.play();
  } catch (error) {
    if (mine !== latest) return; // left or switched meanwhile
    stopCamera();
    const { name, message: detail } = /** @type {DOMException} */ (error);
    say(REASONS[name] ?? `The camera does not work here: ${detail}. Choose a picture instead.`);
    return;
  }
  if (mine !== latest) return;
  say("");
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => {
    if (mine !== latest) return;
    stopCamera();
    say("The camera was disconnected. Choose Camera again when it is back.");
  });
  mirror(track.getSettings().facingMode !== "environment");
  take.disabled = live.disabled = false;
  other.hidden = (await cameras()).length < 2;
}

export function stopCamera() {
  latest++;
  if (stream) close(stream);
  stream = null;
  video.srcObject = null;
  take.disabled = live.disabled = true;
  note.textContent = "";
  onStopped();
}

/** People expect a mirror of themselves; the model gets the picture as the camera sees it. */
function mirror(/** @type {boolean} */ mirrored) {
  video.toggleAttribute("data-mirrored", mirrored);
  note.textContent = mirrored
    ? "You see yourself as in a mirror; the model gets the picture unmirrored."
    : "";
}

/** A phone's other side where it says which one this is, else the next camera of the list. */
async function nextCamera() {
  const { facingMode, deviceId } = stream?.getVideoTracks()[0].getSettings() ?? {};
  if (facingMode) return { facingMode: facingMode === "user" ? "environment" : "user" };
  const ids = (await cameras()).map((device) => device.deviceId);
  const next = ids[(ids.indexOf(deviceId ?? "") + 1) % ids.length];
  return { deviceId: { exact: next } };
}

async function cameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput");
}

/** What the camera shows now, to the pixel. @returns {Promise<Blob>} */
function still() {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  contextOf(canvas).drawImage(video, 0, 0);
  return pngOf(canvas);
}

function close(/** @type {MediaStream} */ opened) {
  for (const track of opened.getTracks()) track.stop();
}

function say(/** @type {string} */ text) {
  message.textContent = text;
  message.hidden = text === "";
}
