// Compressed copies beside the files, so that a server need not compress and a static host can.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const COMPRESSIBLE = new Set([".js", ".css", ".wasm", ".svg", ".txt"]);
// the best quality takes 25 s for LiteRT.js' 9 MB, the next best 2 s, for 3 % more
const BEST_BELOW_BYTES = 2 ** 20;

/** `.br` and `.gz` of every compressible file of a folder. */
export async function compressAll(/** @type {string} */ folder) {
  const names = await readdir(folder);
  const files = names.filter((name) => COMPRESSIBLE.has(extname(name)));
  await Promise.all(files.map((name) => compress(join(folder, name))));
}

async function compress(/** @type {string} */ path) {
  const content = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: content.length < BEST_BELOW_BYTES ? 11 : 9,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(content, { params }),
    promisify(gzip)(content, { level: 9 }),
  ]);
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
}
