/**
 * Many pictures, one after the other: one is read, prepared and classified at a time, so that
 * hundreds of photographs need the memory of one. What stays of each is its file's handle, its few
 * best labels and what the caller keeps.
 *
 * @typedef {object} Entry
 * @property {File} file
 * @property {"waiting" | "busy" | "done" | "failed"} state
 * @property {{label: string, probability: number}[]} scores
 * @property {string | null} error
 * @property {import("./table.js").AnsweredBy | null} by
 *
 * @typedef {Pick<Entry, "scores" | "by">} Found
 */

export class Several {
  /** @type {Entry[]} */
  entries = [];
  #running = false;
  #stopped = false;
  #classify;
  #onChange;

  /**
   * @param {object} wiring
   * @param {(entry: Entry) => Promise<Found>} wiring.classify throws a sentence
   * @param {(entry: Entry | null) => void} wiring.onChange null: the run began or ended
   */
  constructor({ classify, onChange }) {
    this.#classify = classify;
    this.#onChange = onChange;
  }

  get isRunning() {
    return this.#running;
  }

  get left() {
    return this.entries.filter(({ state }) => state === "waiting" || state === "busy").length;
  }

  get failed() {
    return this.entries.filter(({ state }) => state === "failed").length;
  }

  /** Adds files behind those that wait. @returns {Entry[]} theirs */
  add(/** @type {File[]} */ files) {
    /** @type {Entry[]} */
    const added = files.map((file) => ({
      file,
      state: "waiting",
      scores: [],
      error: null,
      by: null,
    }));
    this.entries.push(...added);
    return added;
  }

  /** Classifies what waits, until all is done or `stop`. A file's error is that file's alone. */
  async run() {
    this.#stopped = false;
    if (this.#running) return;
    this.#running = true;
    this.#onChange(null);
    for (let entry = this.#next(); entry && !this.#stopped; entry = this.#next()) {
      entry.state = "busy";
      this.#onChange(entry);
      try {
        const { scores, by } = await this.#classify(entry);
        Object.assign(entry, { state: "done", scores, by });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        Object.assign(entry, { state: "failed", error: message });
      }
      this.#onChange(entry);
    }
    this.#running = false;
    this.#onChange(null);
  }

  /** Stops after the picture at hand; the others wait for the next `run`. */
  stop() {
    this.#stopped = true;
  }

  /** Forgets everything. */
  clear() {
    this.stop();
    this.entries = [];
  }

  #next() {
    return this.entries.find(({ state }) => state === "waiting");
  }
}
