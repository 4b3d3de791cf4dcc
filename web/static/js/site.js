/**
 * Where the page lies: everything else is relative to it, so that it can live under any path.
 * Scripts are two folders and the page's version below it: `static/<version>/dist/main.js`.
 */
export const SITE = new URL("../../../", import.meta.url);
