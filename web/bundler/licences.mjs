// The licences of what is bundled.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * One text with the name, version and licence of every package that went into the bundle.
 * @param {string} root the folder that holds node_modules
 * @param {string[]} inputs files that were bundled
 */
export async function licences(root, inputs) {
  const packages = new Set(
    inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean),
  );
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(root, "node_modules", /** @type {string} */ (name));
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    texts.push(`${name} ${version}: ${license}\n\n${await licenceText(folder, license)}`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** The package's own licence file, else the notice that its source files carry. */
async function licenceText(/** @type {string} */ folder, /** @type {string} */ license) {
  for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE"]) {
    try {
      return await readFile(join(folder, name), "utf8");
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
    }
  }
  return license === "Apache-2.0"
    ? "Copyright Google LLC. Licensed under the Apache License, Version 2.0;\n" +
        "a copy of the licence: http://www.apache.org/licenses/LICENSE-2.0\n"
    : `Licensed under ${license}; see the package's home page.\n`;
}
