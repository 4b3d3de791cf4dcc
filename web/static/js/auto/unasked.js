/** What is downloaded to be measured though nobody asked for it. */

/**
 * @typedef {import("./downloads.js").Candidate} Candidate
 * @typedef {"free" | "metered" | "unknown"} Link
 */

// every engine of TensorFlow.js (0.1 to 0.2 MB) is below it
const SMALL_BYTES = 1_000_000;
// LiteRT.js (2.3 MB), and a MobileNetV2 in float32 once more (14 MB)
const LARGE_BYTES = 20_000_000;
// a frame of most screens: nobody sees that a faster model answers sooner
const FRAME_MS = 16;

/**
 * Whether the visitor pays for bytes or waits for them long. Firefox and Safari do not tell, and a
 * telephone is among those.
 * @param {any} connection `navigator.connection`
 * @returns {Link}
 */
export function linkOf(connection) {
  if (!connection) return "unknown";
  const { saveData, type, effectiveType } = connection;
  const isMetered = saveData || type === "cellular" || /2g|3g/.test(effectiveType ?? "");
  return isMetered ? "metered" : "free";
}

/**
 * Those that may be measured unasked: the small ones, and a large one where bytes are free and the
 * fastest that is known so far takes long enough to be noticed.
 * @param {Candidate[]} open what was not measured yet, in the order of the tries
 * @param {import("./downloads.js").Downloads} downloads what is here; theirs are added
 * @param {{link: Link, ms: number | null}} known `ms`: of the fastest; null: nothing was measured
 * @returns {Candidate[]}
 */
export function unasked(open, downloads, { link, ms }) {
  if (link === "metered") return [];
  const most = link === "free" && ms !== null && ms > FRAME_MS ? LARGE_BYTES : SMALL_BYTES;
  return open.filter((candidate) => {
    if (downloads.missing(candidate) > most) return false;
    downloads.add(candidate);
    return true;
  });
}
