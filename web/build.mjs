// Bundles the third-party JavaScript that the page uses.
//
//     npm ci && node build.mjs [FOLDER]        default: static/vendor
//
// vendor_build.py runs it inside pip; by hand it is useful while the bundle itself is changed.
// Every engine is an entry point of its own and shared code is split off, so a visitor loads only
// the engine that is used. Names of entry points are stable; chunks carry their content's hash.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const ROOT = dirname(fileURLToPath(import.meta.url));
const OUT = process.argv[2] ?? join(ROOT, "static", "vendor");
const WASM_FILES = [
  "tfjs-backend-wasm.wasm",
  "tfjs-backend-wasm-simd.wasm",
  "tfjs-backend-wasm-threaded-simd.wasm",
];
// with relaxed SIMD, and without for browsers that lack it; 9 MB each, so the threaded ones stay out
const LITERT_LOADERS = ["litert_wasm_internal", "litert_wasm_compat_internal"];
// what TensorFlow.js asks for only when it runs in Node
const NODE_MODULES =
  /^(crypto|fs|node-fetch|os|path|perf_hooks|string_decoder|util|worker_threads)$/;
const ENTRIES = [
  ...["tfjs", "tfjs-cpu", "tfjs-wasm", "tfjs-webgl", "tfjs-webgpu", "tfjs-layers"],
  ...["litert", "sha256"],
];

/**
 * tfjs-core's index registers every training optimiser; its `base` is the same without them.
 * What it registers besides (gradients, chained ops) the entry points import where it is needed.
 * LiteRT.js' loader of scripts gives way to one that works in module workers.
 */
const replacedModules = {
  name: "replaced-modules",
  setup(/** @type {import("esbuild").PluginBuild} */ builder) {
    builder.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({
      path: join(ROOT, "node_modules/@tensorflow/tfjs-core/dist/base.js"),
    }));
    builder.onResolve({ filter: /^@litertjs\/wasm-utils$/ }, () => ({
      path: join(ROOT, "vendor", "litert-wasm-utils.js"),
    }));
    builder.onResolve({ filter: NODE_MODULES }, ({ path }) => ({ path, namespace: "empty" }));
    builder.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "export default {}" }));
  },
};

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const result = await build({
  entryPoints: Object.fromEntries(
    ENTRIES.map((name) => [name, join(ROOT, "vendor", `${name}.js`)]),
  ),
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  minify: true,
  legalComments: "none",
  metafile: true,
  chunkNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [replacedModules],
  logLevel: "warning",
});
for (const file of WASM_FILES) {
  await copyFile(
    join(ROOT, "node_modules/@tensorflow/tfjs-backend-wasm/dist", file),
    join(OUT, file),
  );
}
for (const name of LITERT_LOADERS) {
  const folder = join(ROOT, "node_modules/@litertjs/core/wasm");
  await copyFile(join(folder, `${name}.wasm`), join(OUT, `${name}.wasm`));
  const loader = await readFile(join(folder, `${name}.js`), "utf8");
  const module = `${loader}\nexport default ModuleFactory;\n`;
  const { code } = await transform(module, { minify: true, legalComments: "none" });
  await writeFile(join(OUT, `${name}.js`), code);
}
await writeFile(join(OUT, "LICENSES.txt"), await licences(Object.keys(result.metafile.inputs)));

/** One text with the name, version and licence of every package that went into the bundle. */
async function licences(/** @type {string[]} */ inputs) {
  const packages = new Set(
    inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean),
  );
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(ROOT, "node_modules", /** @type {string} */ (name));
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
