/**
 * Answers for many pictures as a table: CSV as `edgeproof classify --csv` writes it, a row for each
 * label, and JSON with its keys; both say besides who answered, and whether that one was proved.
 *
 * @typedef {object} Answered
 * @property {string} file
 * @property {{label: string, probability: number}[]} scores most probable first; empty on an error
 * @property {string | null} error why there is no answer
 * @property {AnsweredBy | null} by null where nothing answered
 *
 * @typedef {object} AnsweredBy
 * @property {string} model the bundle's name
 * @property {string} version of the bundle: the start of its manifest's SHA-256
 * @property {string} variant
 * @property {string} engine
 * @property {"passed" | "failed" | "pending" | "not checked"} proof whether this engine gave the
 *   answers of training on this device
 */

export const COLUMNS = /** @type {const} */ ([
  "file",
  "rank",
  "label",
  "probability",
  "model",
  "version",
  "variant",
  "engine",
  "proof",
  "error",
]);

/** @param {Answered[]} answers @returns {string} RFC 4180 */
export function csvOf(answers) {
  const rows = answers.flatMap(({ file, scores, error, by }) => {
    const who = by ? [by.model, by.version, by.variant, by.engine, by.proof] : ["", "", "", "", ""];
    if (error !== null) return [[file, "", "", "", ...who, error]];
    return scores.map(({ label, probability }, i) => [file, i + 1, label, probability, ...who, ""]);
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** @param {Answered[]} answers @returns {string} a list, one object for each picture */
export function jsonOf(answers) {
  const documents = answers.map(({ file, scores, error, by }) =>
    error === null ? { file, ...scores[0], scores, ...by } : { file, error, ...by },
  );
  return `${JSON.stringify(documents, null, 2)}\n`;
}

/** A number as it is; text so that no spreadsheet takes it for a formula, quoted where needed. */
function cell(/** @type {string | number} */ value) {
  if (typeof value === "number") return String(value);
  const inert = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
