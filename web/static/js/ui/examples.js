/** Example pictures: the bundle's golden files. */

import { byId, element } from "./dom.js";

const SHOWN = 10;

const box = byId("examples", HTMLElement);
const list = byId("examples-list", HTMLElement);

/**
 * @param {import("../bundle.js").Bundle} bundle
 * @param {(path: string) => void} onChoose
 */
export function showExamples({ manifest, folder }, onChoose) {
  const files = manifest.golden.files.slice(0, SHOWN);
  box.hidden = files.length === 0;
  list.replaceChildren(
    ...files.map(({ file, description }) => {
      const source = new URL(file.path.split("/").map(encodeURIComponent).join("/"), folder);
      const picture = element("img", { src: source.href, alt: description, loading: "lazy" });
      const button = element(
        "button",
        { type: "button", title: description, "aria-pressed": "false" },
        picture,
      );
      button.addEventListener("click", () => {
        mark(button);
        onChoose(file.path);
      });
      return element("li", {}, button);
    }),
  );
}

/** Shows which example is on the stage, or none. */
export function mark(/** @type {Element | null} */ chosen) {
  for (const button of list.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
}
