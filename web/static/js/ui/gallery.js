/** The models that are served here: what each does, how well, how large it is, and its proof. */

import { SITE } from "../site.js";
import { byId, element } from "./dom.js";
import { kilobytes } from "./format.js";

/** @typedef {import("./offers.js").Offer} Offer */

const VERDICTS = {
  passed: "Verified: every gate held",
  failed: "Verified: a gate broke",
  outdated: "Its report is about another version",
  unreadable: "Its report cannot be read",
  none: "Not verified yet",
};

const SHOWN_PIXELS = 96;

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
  const titles = offers.map(({ title }) => title);
  const cards = offers.map((offer) => {
    const isShared = titles.filter((title) => title === offer.title).length > 1;
    return card(offer, isShared ? `${offer.title} (${offer.name})` : offer.title, several);
  });
  byId("gallery-list", HTMLElement).replaceChildren(...cards);
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

/**
 * @param {Offer} offer
 * @param {string} title
 * @param {boolean} isLink whether there is another model to go to
 */
function card(offer, title, isLink) {
  const href = `?${new URLSearchParams({ bundle: offer.name })}`;
  return element(
    "li",
    { class: "card model", "data-bundle": offer.name },
    ...example(offer),
    element(
      "div",
      { class: "model-text" },
      element("h3", { dir: "auto" }, isLink ? element("a", { class: "open", href }, title) : title),
      element("p", { dir: "auto" }, task(offer)),
      ...notice(offer),
      ...accuracy(offer),
      element("p", { class: "verdict", "data-state": offer.verdict.state }, ...verdict(offer)),
      sizes(offer),
    ),
  );
}

/** The first of its golden pictures; a space where there is none, or none can be had offline. */
function example(/** @type {Offer} */ { name, version, input, example: path }) {
  if (path === null || input === null) return [];
  const address = inAddress(`bundles/${name}/${version}/${path}`);
  const picture = element("img", {
    src: new URL(address, SITE).href,
    alt: "",
    class: input.width < SHOWN_PIXELS ? "magnified" : "",
    width: `${SHOWN_PIXELS}`,
    height: `${SHOWN_PIXELS}`,
    loading: "lazy",
    decoding: "async",
  });
  picture.addEventListener("error", () => picture.toggleAttribute("data-missing", true));
  return [picture];
}

function inAddress(/** @type {string} */ path) {
  return path.split("/").map(encodeURIComponent).join("/");
}

function task(/** @type {Offer} */ { input, labels, first_labels: first }) {
  if (input === null) return "Takes numbers, not pictures.";
  const some = first.join(", ") + (labels > first.length ? ", …" : "");
  return (
    `Tells ${labels.toLocaleString("en")} classes apart (${some}) in ` +
    `${input.width}\u00a0×\u00a0${input.height} ${input.color === "gray" ? "gray" : "colour"} pixels.`
  );
}

function notice(/** @type {Offer} */ { notice: said }) {
  return said ? [element("p", { class: "notice", dir: "auto" }, said)] : [];
}

/**
 * Of the variant that a visitor gets without choosing. Where training tested more images than
 * verification, which has the bundle's sample of them, that of the Keras model says more.
 */
function accuracy(/** @type {Offer} */ { variants, trained, verdict: { images } }) {
  const [{ accuracy: measured }] = variants;
  if (trained && trained.n > (measured?.n ?? 0)) return [inKeras(trained)];
  if (!measured) return [];
  return [
    element(
      "p",
      { class: "accuracy" },
      element("strong", {}, `${hundredths(measured.value)}\u00a0%`),
      ` right (95\u00a0% interval ${hundredths(measured.low)} to ${hundredths(measured.high)}), of ` +
        `${measured.n.toLocaleString("en")} images${images ? `: ${images}` : ""}`,
    ),
  ];
}

function inKeras(/** @type {import("./offers.js").Shares} */ { value, low, high, n }) {
  return element(
    "p",
    { class: "accuracy" },
    element("strong", {}, `${hundredths(value)}\u00a0%`),
    ` in Keras (95\u00a0% interval ${hundredths(low)} to ${hundredths(high)}), of ` +
      `${n.toLocaleString("en")} test images`,
  );
}

/** Not `percent`: "> 99.9 %" would hide where an interval ends. */
function hundredths(/** @type {number} */ share) {
  return (share * 100).toFixed(1);
}

function intervalText(/** @type {import("./offers.js").Accuracy} */ { value, low, high }) {
  return `${hundredths(value)}\u00a0% (${hundredths(low)} to ${hundredths(high)})`;
}

function verdict(/** @type {Offer} */ { name, version, report, card: path, verdict: { state } }) {
  const said = element("span", {}, VERDICTS[state]);
  const folder = new URL(inAddress(`bundles/${name}/${version}/`), SITE);
  const link = (/** @type {string} */ file, /** @type {string} */ text) => [
    " ",
    element("a", { href: new URL(inAddress(file), folder).href }, text),
  ];
  return [
    said,
    ...(report ? link("report.html", "Parity report") : []),
    ...(path === null ? [] : link(path, "Model card")),
  ];
}

function sizes(/** @type {Offer} */ { variants }) {
  const rows = variants.map(({ id, bytes, accuracy: measured }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, id),
      element("td", {}, kilobytes(bytes)),
      element("td", {}, measured ? intervalText(measured) : "not measured"),
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
