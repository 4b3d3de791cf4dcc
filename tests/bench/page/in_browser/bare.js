// What the bare pages share: the files as they are fetched, and the loop.

export async function artifactsOf(folder) {
  const document = await (await fetch(`${folder}model.json`)).json();
  const paths = document.weightsManifest.flatMap((group) => group.paths);
  const weightData = await Promise.all(
    paths.map(async (path) => (await fetch(folder + path)).arrayBuffer()),
  );
  const weightSpecs = document.weightsManifest.flatMap((group) => group.weights);
  const { modelTopology, format, signature } = document;
  return { modelTopology, format, signature, weightSpecs, weightData };
}

/** The first golden input as the model takes it. */
export async function pixelsAt(url) {
  return new Float32Array(await (await fetch(url)).arrayBuffer());
}

/** The scores must be some: a loop around nothing is fast. */
export function answered(scores) {
  if (!(scores.length > 1) || !scores.every(Number.isFinite)) throw new Error("got no scores");
  return scores;
}

/**
 * Times single calls, `n` of them or as many as `withinMs` has room for, after one that is not
 * counted unless the loop is warm: as `latency` of the page's session does.
 */
export function timed(call) {
  return async ({ n, withinMs, isWarm }) => {
    if (!isWarm) await call();
    const ms = [];
    const end = performance.now() + withinMs;
    do {
      const start = performance.now();
      await call();
      ms.push(performance.now() - start);
    } while (ms.length < n && performance.now() < end);
    return ms;
  };
}
