/** What the model is, in the head of the page. */

import { byId, element } from "./dom.js";

/**
 * @param {import("../bundle.js").Bundle} bundle
 * @param {import("./offers.js").Offer} offer
 */
export function introduce({ manifest, folder }, offer) {
  const { input, labels, name } = manifest;
  document.title = `${name} · Edgeproof`;
  byId("title", HTMLElement).textContent = name;
  const subtitle = byId("subtitle", HTMLElement);
  if (input) {
    subtitle.replaceChildren(
      `Tells ${labels.length.toLocaleString("en")} classes apart in ${input.width} × ${input.height} ` +
        `${input.color === "gray" ? "gray" : "colour"} pixels: `,
      ...named(labels),
    );
  } else {
    subtitle.textContent =
      "This model does not take pictures; its golden inputs are checked below.";
  }
  subtitle.title = subtitle.textContent ?? "";
  const notice = byId("notice", HTMLElement);
  notice.hidden = offer.notice === null;
  notice.textContent = offer.notice;
  const report = byId("report", HTMLAnchorElement);
  report.hidden = !offer.report;
  report.href = new URL("report.html", folder).href;
}

/** All of a few labels, else the first; each by itself, whichever way it is written. */
function named(/** @type {string[]} */ labels) {
  const shown = labels.length <= 10 ? labels : labels.slice(0, 8);
  const parts = shown.flatMap((label, i) => [i > 0 ? ", " : "", element("bdi", {}, label)]);
  return shown.length < labels.length ? [...parts, ", …"] : parts;
}
