/** The models that are served here: what each does, how well, how large it is, and its proof. */

import { SITE } from "../site.js";
import { byId, element } from "./dom.js";
import { accuracyText, kilobytes } from "./format.js";

/** @typedef {import("./offers.js").Offer} Offer */

const VERDICTS = {
  passed: "Verified: every gate held",
  failed: "Verified: a gate broke",
  outdated: "Its report is about another version",
  unreadable: "Its report cannot be read",
  none: "Not verified yet",
};

const section = byId("gallery", HTMLElement);
const link = byId("gallery-link", HTMLAnchorElement);

/**
 * Shows the models and marks the one that is in use; says so where the address names another.
 * @param {Offer[]} offers
 */
export function setUpGallery(offers) {
  const several = offers.length > 1;
  byId("gallery-heading", HTMLElement).textContent = several
    ? `${offers.length} models here`
    : "About this model";
  link.textContent = several ? `All ${offers.length} models` : "About this model";
  link.hidden = offers.length === 0;
  section.hidden = offers.length === 0;
  byId("gallery-list", HTMLElement).replaceChildren(...offers.map((offer) => card(offer, several)));
  markInUse();
  byId("bundle", HTMLSelectElement).addEventListener("change", markInUse);
  const asked = new URLSearchParams(location.search).get("bundle");
  const note = byId("gallery-note", HTMLElement);
  note.hidden = asked === null || offers.some(({ name }) => name === asked);
  if (!note.hidden) note.textContent = `There is no model “${asked}” here; this is another one.`;
}

function markInUse() {
  const { value } = byId("bundle", HTMLSelectElement);
  for (const item of section.querySelectorAll("li[data-bundle]")) {
    const inUse = item instanceof HTMLElement && item.dataset.bundle === value;
    item.toggleAttribute("data-in-use", inUse);
    item.querySelector("a.open")?.setAttribute("aria-current", String(inUse));
  }
}

function card(/** @type {Offer} */ offer, /** @type {boolean} */ several) {
  const title = several
    ? element("a", { class: "open", href: `?${new URLSearchParams({ bundle: offer.name })}` }, offer.title)
    : offer.title;
  return element(
    "li",
    { class: "card model", "data-bundle": offer.name },
    ...example(offer),
    element(
      "div",
      { class: "model-text" },
      element("h3", { dir: "auto" }, title),
      element("p", { dir: "auto" }, task(offer)),
      ...accuracy(offer),
      element("p", { class: "verdict", "data-state": offer.verdict.state }, ...verdict(offer)),
      sizes(offer),
    ),
  );
}

/** The first of its golden pictures; a space where there is none, or none can be had offline. */
function example(/** @type {Offer} */ { name, version, example: path }) {
  if (path === null) return [];
  const address = ["bundles", name, version, ...path.split("/")].map(encodeURIComponent).join("/");
  const picture = element("img", {
    src: new URL(address, SITE).href,
    alt: "",
    width: "96",
    height: "96",
    loading: "lazy",
    decoding: "async",
  });
  picture.addEventListener("error", () => picture.toggleAttribute("data-missing", true));
  return [picture];
}

function task(/** @type {Offer} */ { input, labels, first_labels: first }) {
  if (input === null) return "Takes numbers, not pictures.";
  const more = labels > first.length ? ", …" : "";
  return (
    `Tells ${labels.toLocaleString("en")} classes apart: ${first.join(", ")}${more}. Sees ` +
    `${input.width} × ${input.height} ${input.color === "gray" ? "gray" : "colour"} pixels.`
  );
}

/** Of the variant that a visitor gets without choosing; nothing where nothing was measured. */
function accuracy(/** @type {Offer} */ { variants, verdict: { images } }) {
  const [{ accuracy: measured }] = variants;
  if (!measured) return [];
  return [
    element(
      "p",
      { class: "accuracy" },
      element("strong", {}, accuracyText(measured)),
      ` right, of ${measured.n.toLocaleString("en")} images${images ? ` of the ${images}` : ""}`,
    ),
  ];
}

function verdict(/** @type {Offer} */ { name, version, report, verdict: { state } }) {
  const said = element("span", {}, VERDICTS[state]);
  if (!report) return [said];
  const folder = new URL(`bundles/${encodeURIComponent(name)}/${version}/`, SITE);
  return [said, " ", element("a", { href: new URL("report.html", folder).href }, "Parity report")];
}

function sizes(/** @type {Offer} */ { variants }) {
  const rows = variants.map(({ id, bytes, accuracy: measured }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, id),
      element("td", {}, kilobytes(bytes)),
      element("td", {}, measured ? accuracyText(measured) : "not measured"),
    ),
  );
  const head = ["Variant", "Size", "Accuracy, 95 % interval"].map((text) =>
    element("th", { scope: "col" }, text),
  );
  const smallest = Math.min(...variants.map(({ bytes }) => bytes));
  return element(
    "details",
    {},
    element("summary", {}, `${variants.length} variants, from ${kilobytes(smallest)}`),
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  );
}
