/** The camera: a live view, and one picture of it when asked. */

import { byId, contextOf } from "./dom.js";

const video = byId("video", HTMLVideoElement);
const message = byId("camera-message", HTMLElement);
const take = byId("camera-take", HTMLButtonElement);
const other = byId("camera-switch", HTMLButtonElement);

/** @type {MediaStream | null} */
let stream = null;
/** @type {"environment" | "user"} */
let facing = "environment";
let wanted = false;

/** Why a camera cannot be used, for people. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError:
    "The camera is not allowed here. Allow it in the browser's settings, then choose Camera again.",
  NotFoundError: "No camera was found on this device. Choose a picture instead.",
  NotReadableError: "The camera is used by another program. Close that, then choose Camera again.",
  OverconstrainedError: "No camera here fits. Choose a picture instead.",
};

/** @param {(pixels: import("../types").Pixels) => void} onPicture */
export function setUpCamera(onPicture) {
  take.addEventListener("click", () => onPicture(frame()));
  other.addEventListener("click", async () => {
    facing = facing === "user" ? "environment" : "user";
    stopCamera();
    await startCamera();
  });
}

/** Shows the live view, or says why there is none. */
export async function startCamera() {
  wanted = true;
  if (!navigator.mediaDevices?.getUserMedia) {
    say("A camera needs a secure address (https or localhost). Choose a picture instead.");
    return;
  }
  say("Asking for the camera …");
  try {
    const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing } });
    stream = opened;
    if (!wanted) {
      stopCamera();
      return;
    }
    video.srcObject = opened;
    await video.play();
  } catch (error) {
    const { name, message: detail } = /** @type {DOMException} */ (error);
    say(REASONS[name] ?? `The camera does not work here: ${detail}. Choose a picture instead.`);
    return;
  }
  say("");
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => {
    stopCamera();
    say("The camera was disconnected. Choose Camera again when it is back.");
  });
  // people expect a mirror; the model gets the picture as the camera sees it
  video.toggleAttribute("data-mirrored", track.getSettings().facingMode !== "environment");
  take.disabled = false;
  const devices = await navigator.mediaDevices.enumerateDevices();
  other.hidden = devices.filter((d) => d.kind === "videoinput").length < 2;
}

export function stopCamera() {
  wanted = false;
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
  take.disabled = true;
}

/** @returns {import("../types").Pixels} */
function frame() {
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = contextOf(canvas);
  context.drawImage(video, 0, 0);
  return { width, height, rgba: context.getImageData(0, 0, width, height).data };
}

function say(/** @type {string} */ text) {
  message.textContent = text;
  message.hidden = text === "";
}
