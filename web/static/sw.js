/**
 * The page without a network. The addresses of all but the documents hold a version, so what was
 * fetched once is kept as it is, and documents are asked for first and kept for when nobody answers.
 *
 * It also gives every answer the headers that isolate the page from other origins, for hosts that
 * cannot: threads in WebAssembly need them.
 */

/** @typedef {{keep: string[]}} Message addresses that the page uses now */

const worker = /** @type {any} */ (self);
const CACHE = "edgeproof";
const VERSIONED = /\/(static\/[0-9a-f]{16}|bundles\/[^/]+\/[0-9a-f]{16})\/(?!report\.)/;
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

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
  const { keep } = /** @type {Message} */ (event.data);
  event.waitUntil(
    kept(keep).then(
      (count) => event.source.postMessage({ kept: count }),
      (error) => event.source.postMessage({ failed: String(error) }),
    ),
  );
});

/** @returns {Promise<Response>} */
async function keptFirst(/** @type {Request} */ request) {
  const found = await caches.match(request.url);
  return found ?? fetch(request);
}

/** @returns {Promise<Response>} */
async function askedFirst(/** @type {Request} */ request) {
  try {
    return await fetch(request);
  } catch (error) {
    const found = await caches.match(withoutQuery(request.url));
    if (found) return found;
    throw error;
  }
}

/** Keeps these addresses and forgets the versions that they replace; returns how many are kept. */
async function kept(/** @type {string[]} */ addresses) {
  const cache = await caches.open(CACHE);
  const wanted = [...new Set(addresses.map(withoutQuery))];
  for (const address of wanted) {
    const hasVersion = VERSIONED.test(address);
    if (hasVersion && (await cache.match(address))) continue;
    // what has a version lies in the browser's own cache: nothing is fetched twice
    await cache.add(new Request(address, { cache: hasVersion ? "default" : "no-cache" }));
  }
  const current = wanted.map(versionOf);
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

function withoutQuery(/** @type {string} */ address) {
  return address.split(/[?#]/)[0];
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
