/**
 * The page without a network. The addresses of all but the documents hold a version, so what was
 * fetched once is kept as it is, and documents are asked for first and kept for when nobody answers.
 *
 * It also gives every answer the headers that isolate the page from other origins, for hosts that
 * cannot: threads in WebAssembly need them.
 */

/** @typedef {{keep: string[]}} Message addresses that the page uses now */

const worker = /** @type {any} */ (self);
// two sites may lie on one origin, each below its own path
const CACHE = `edgeproof ${worker.registration.scope}`;
const VERSIONED = /\/(static\/[0-9a-f]{16}|bundles\/[^/]+\/[0-9a-f]{16})\/(?!report\.)/;
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
// where there is a kept document, a network that says nothing for so long counts as none
const PATIENCE_MS = 3000;

worker.addEventListener("install", () => worker.skipWaiting());

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.headers.has("Range")) return;
  const answer = VERSIONED.test(request.url) ? keptFirst(request) : askedFirst(request);
  event.respondWith(answer.then(isolated));
});

// answers with {kept} or {failed}: a full or blocked store is not the page's failure
worker.addEventListener("message", (/** @type {any} */ event) => {
  event.waitUntil(
    kept(event.data).then(
      (count) => event.source.postMessage({ kept: count }),
      (error) => event.source.postMessage({ failed: String(error) }),
    ),
  );
});

/** @returns {Promise<Response>} */
async function keptFirst(/** @type {Request} */ request) {
  return (await found(request.url)) ?? fetch(request);
}

/** @returns {Promise<Response>} */
async function askedFirst(/** @type {Request} */ request) {
  const kept = await found(documentOf(request.url));
  // a host may say nothing, or minutes, about how long a document holds
  const asking = fetch(request, { cache: "no-cache" });
  if (!kept) return asking;
  const asked = asking.then((answer) => (answer.status < 500 ? answer : kept));
  const waited = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  return Promise.race([asked.catch(() => kept), waited]);
}

/** What is kept under an address. Storage that the browser blocks or lost is an empty one. */
async function found(/** @type {string} */ address) {
  try {
    return await (await caches.open(CACHE)).match(address);
  } catch {
    return undefined;
  }
}

/**
 * Keeps these addresses and forgets the versions that they replace; returns how many are kept.
 * @param {Message} message
 */
async function kept({ keep }) {
  const cache = await caches.open(CACHE);
  const wanted = [...new Set(keep.map(documentOf))];
  const versioned = wanted.filter((address) => VERSIONED.test(address));
  const current = versioned.map(versionOf);
  // what has a version lies in the browser's own cache: nothing is fetched twice
  for (const address of versioned) {
    if (!(await cache.match(address))) await cache.add(new Request(address));
  }
  // documents last: they lead to files that are all here by then, or they are not kept
  for (const address of wanted.filter((wish) => !versioned.includes(wish))) {
    const answer = await fetch(new Request(address, { cache: "no-cache" }));
    const text = await answer.clone().text();
    if (!answer.ok || !current.every(([, version]) => text.includes(version))) {
      throw new Error("the site changed during this visit");
    }
    await cache.put(address, answer);
  }
  for (const { url } of await cache.keys()) {
    const [subject, version] = versionOf(url);
    const isOld = current.some(([s, v]) => s === subject && v !== version);
    if (isOld) await cache.delete(url);
  }
  return wanted.length;
}

/** What an address is a version of, and which. @returns {[string, string]} */
function versionOf(/** @type {string} */ address) {
  const [, found = ""] = address.match(VERSIONED) ?? [];
  const end = found.lastIndexOf("/");
  return end < 0 ? [address, ""] : [found.slice(0, end), found.slice(end + 1)];
}

/** Without the choices in it; `index.html` is the folder that it stands for. */
function documentOf(/** @type {string} */ address) {
  return address.split(/[?#]/)[0].replace(/\/index\.html$/, "/");
}

function isolated(/** @type {Response} */ response) {
  if (response.type !== "basic" || response.headers.has("Cross-Origin-Embedder-Policy")) {
    return response;
  }
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
