/** One picture of a list: a small copy of it, its name, its label or why it has none. */

import { element } from "./dom.js";
import { percent } from "./format.js";

const SMALL_PIXELS = 64; // below this a small copy shows its pixels

export class Tile {
  #picture = element("span", { class: "thumb" });
  #label = element("span", { class: "tile-label", dir: "auto" }, "…");
  #note = element("span", { class: "tile-note" });
  #button;

  /**
   * @param {string} name
   * @param {() => void} onChoose
   */
  constructor(name, onChoose) {
    const file = element("span", { class: "tile-name", dir: "auto", title: name }, name);
    this.#button = element(
      "button",
      { type: "button", class: "tile" },
      this.#picture,
      this.#label,
      this.#note,
      file,
    );
    this.#button.addEventListener("click", onChoose);
    this.item = element("li", {}, this.#button);
  }

  /** Where a list has many tiles, those that wait say so. */
  setState(/** @type {"waiting" | "busy"} */ state) {
    this.item.dataset.state = state;
    this.#label.textContent = state === "busy" ? "Reading …" : "Waiting";
  }

  showScore(/** @type {string} */ label, /** @type {number} */ probability) {
    this.item.dataset.state = "done";
    this.#label.textContent = label;
    this.#label.title = label;
    this.#note.textContent = percent(probability);
  }

  showError(/** @type {string} */ message) {
    this.item.dataset.state = "failed";
    this.#label.textContent = "No answer";
    this.#note.textContent = message;
    this.#note.title = message; // shown in full too where the picture is chosen
  }

  /** Shows a small copy when it is made; where it cannot be, the tile stays without. */
  async showThumbnail(/** @type {Promise<Blob>} */ making) {
    try {
      this.#show(await making);
    } catch {
      this.#picture.dataset.missing = "";
    }
  }

  #show(/** @type {Blob} */ small) {
    const picture = /** @type {HTMLImageElement} */ (element("img", { alt: "" }));
    picture.src = URL.createObjectURL(small);
    picture.addEventListener(
      "load",
      () => {
        // a decoded picture needs its address no longer
        URL.revokeObjectURL(picture.src);
        const isSmall = Math.max(picture.naturalWidth, picture.naturalHeight) < SMALL_PIXELS;
        picture.toggleAttribute("data-small", isSmall);
      },
      { once: true },
    );
    this.#picture.replaceChildren(picture);
  }
}
