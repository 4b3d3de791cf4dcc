// Loops that take turns. A loop takes `{n, withinMs, isWarm}` and gives the milliseconds of calls.

// short blocks, many of them: what else the machine does changes from one second to the next
const BLOCK = { n: 200, withinMs: 150 };
const MOST = 40;
// a software graphics card takes seconds for one call
const LEAST = 3;
// slower calls need no other one before them to warm the processor's caches
const SLOW_MS = 100;

/** Ours: the page's own worker, asked as the page asks it. */
export async function edgeproof({ statics, wanted }) {
  const { WorkerClient } = await import(`${statics}js/client.js`);
  const client = new WorkerClient();
  await client.call("load", wanted);
  return async (block) => (await client.call("latency", block)).ms;
}

/** The bare loop here, on the page's main thread. */
export async function bare({ module, given }) {
  return (await import(module)).bare(given);
}

/** The very same in a worker. */
export async function bareInWorker(made) {
  const worker = new Worker("/bench/bare_worker.js", { type: "module" });
  const told = (message) =>
    new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data), { once: true });
      worker.addEventListener("error", ({ message: reason }) => reject(new Error(reason)));
      worker.postMessage(message);
    });
  await told(made);
  return (block) => told({ block });
}

/** The plain page's, which the script tags of `plain.html` define. */
export function plain(given) {
  return globalThis.plain(given);
}

const sides = { edgeproof, bare, bareInWorker, plain };

/**
 * Milliseconds in blocks by loop, in turn for so many seconds.
 * @param {[string, string, any][]} wanted names, kinds of side and what those are given
 */
export async function turns(wanted, seconds) {
  const loops = [];
  for (const [name, side, given] of wanted) {
    const loop = await sides[side](given);
    const [first] = await loop({ n: 1, withinMs: 0, isWarm: false });
    loops.push({ name, loop, isWarm: first > SLOW_MS, blocks: [] });
  }
  const end = performance.now() + 1000 * seconds;
  for (let turn = 0; turn < LEAST || (turn < MOST && performance.now() < end); turn++) {
    for (const { loop, isWarm, blocks } of loops) blocks.push(await loop({ ...BLOCK, isWarm }));
  }
  return Object.fromEntries(loops.map(({ name, blocks }) => [name, blocks]));
}
