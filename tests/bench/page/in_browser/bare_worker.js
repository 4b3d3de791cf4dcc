// A bare loop in a worker, which is where the page has its own: `{module, given}` makes it,
// `{block}` runs it.

let loop;
self.addEventListener("message", async ({ data: { module, given, block } }) => {
  if (module) {
    const { bare } = await import(module);
    loop = await bare(given);
    self.postMessage("ready");
  } else {
    self.postMessage(await loop(block));
  }
});
