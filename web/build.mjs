// Builds what the page needs beside its own sources:
//
//     node build.mjs vendor     static/vendor: third-party JavaScript, one file for each engine
//     node build.mjs page       static/dist: the page's own modules and styles, one file for each use
//
// vendor_build.py runs both inside pip, and the second alone while the page is changed. Modules run
// unbuilt too: a file of dist/ lies as deep as one of js/, so that relative addresses are the same.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { compressAll } from "./bundler/compress.mjs";
import { licences } from "./bundler/licences.mjs";

const ROOT = dirname(fileURLToPath(import.meta.url));
const ENGINES = ["cpu", "wasm", "webgl", "webgpu"].flatMap((b) => [`tfjs-${b}`, `tfjs-${b}-layers`]);
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

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  minify: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

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

/** A new, empty folder below static/. */
async function emptied(/** @type {string} */ name) {
  const folder = join(ROOT, "static", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

async function buildVendor() {
  const folder = await emptied("vendor");
  const result = await build({
    ...COMMON,
    // no shared chunks: a visitor uses one engine, and waits for one request instead of five
    entryPoints: [...ENGINES, "litert", "sha256"].map((n) => join(ROOT, "vendor", `${n}.js`)),
    outdir: folder,
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [replacedModules],
  });
  for (const file of WASM_FILES) {
    const source = join(ROOT, "node_modules/@tensorflow/tfjs-backend-wasm/dist", file);
    await copyFile(source, join(folder, file));
  }
  for (const name of LITERT_LOADERS) {
    const source = join(ROOT, "node_modules/@litertjs/core/wasm");
    await copyFile(join(source, `${name}.wasm`), join(folder, `${name}.wasm`));
    const loader = await readFile(join(source, `${name}.js`), "utf8");
    const module = `${loader}\nexport default ModuleFactory;\n`;
    const { code } = await transform(module, { minify: true, legalComments: "none" });
    await writeFile(join(folder, `${name}.js`), code);
  }
  const inputs = Object.keys(result.metafile?.inputs ?? {});
  await writeFile(join(folder, "LICENSES.txt"), await licences(ROOT, inputs));
  await compressAll(folder);
}

async function buildPage() {
  const folder = await emptied("dist");
  const source = join(ROOT, "static");
  await build({
    ...COMMON,
    entryPoints: {
      main: join(source, "js/ui/main.js"),
      worker: join(source, "js/worker.js"),
      verify: join(source, "js/verify.js"),
      page: join(source, "css/index.css"),
    },
    outdir: folder,
  });
  await compressAll(folder);
}

const what = process.argv[2];
if (what !== "vendor" && what !== "page") {
  throw new Error(`expected vendor or page, got ${what}`);
}
await (what === "vendor" ? buildVendor() : buildPage());
