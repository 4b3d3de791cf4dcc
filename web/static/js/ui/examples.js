/** Example pictures: the bundle's golden files. */

import { byId, element } from "./dom.js";

const SHOWN = 10;
const SMALL_PIXELS = 64; // below this an example shows its pixels

const box = byId("examples", HTMLElement);
const list = byId("examples-list", HTMLElement);

/**
 * Makes room for them at once; their pictures come when `fillExamples` is called, for nothing is to
 * be fetched that the first answer does not need.
 * @param {import("../bundle.js").Bundle} bundle
 * @param {(path: string) => void} onChoose
 */
export function offerExamples({ manifest, folder }, onChoose) {
  const files = manifest.golden.files.slice(0, SHOWN);
  box.hidden = files.length === 0;
  list.replaceChildren(
    ...files.map(({ file, description }) => {
      const source = new URL(file.path.split("/").map(encodeURIComponent).join("/"), folder);
      const button = element("button", {
        type: "button",
        title: description,
        "aria-label": description,
        "aria-pressed": "false",
        "data-source": source.href,
      });
      button.addEventListener("click", () => {
        mark(button);
        onChoose(file.path);
      });
      return element("li", {}, button);
    }),
  );
}

export function fillExamples() {
  for (const button of list.querySelectorAll("button")) {
    const { source } = button.dataset;
    if (!source || button.firstChild) continue;
    const picture = /** @type {HTMLImageElement} */ (
      element("img", { src: source, alt: "", loading: "lazy" })
    );
    picture.addEventListener("load", () => {
      const isSmall = Math.max(picture.naturalWidth, picture.naturalHeight) < SMALL_PIXELS;
      picture.toggleAttribute("data-small", isSmall);
    });
    button.append(picture);
  }
}

/** Shows which example is on the stage, or none. */
export function mark(/** @type {Element | null} */ chosen) {
  for (const button of list.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
}
