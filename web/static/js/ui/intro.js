/** What the model is, in the head of the page. */

import { byId } from "./dom.js";

/**
 * @param {import("../bundle.js").Bundle} bundle
 * @param {import("./offers.js").Offer} offer
 */
export function introduce({ manifest, folder }, offer) {
  const { input, labels, name } = manifest;
  document.title = `${name} · Edgeproof`;
  byId("title", HTMLElement).textContent = name;
  const text = input
    ? `Tells ${labels.length.toLocaleString("en")} classes apart in ${input.width} × ${input.height} ` +
      `${input.color === "gray" ? "gray" : "colour"} pixels: ${shortList(labels)}`
    : "This model does not take pictures; its golden inputs are checked below.";
  const subtitle = byId("subtitle", HTMLElement);
  subtitle.textContent = subtitle.title = text;
  const report = byId("report", HTMLAnchorElement);
  report.hidden = !offer.report;
  report.href = new URL("report.html", folder).href;
}

function shortList(/** @type {string[]} */ labels) {
  return labels.length <= 10 ? labels.join(", ") : `${labels.slice(0, 8).join(", ")}, …`;
}
