/**
 * The model that answers: a worker for the choice, its proof, and another engine or worker where
 * one is not offered, fails the proof or breaks.
 */

import { AUTO, candidates, same, startingWith } from "../auto/candidates.js";
import { forget, remembered } from "../auto/memory.js";
import { Bundle } from "../bundle.js";
import { Stopped, WorkerClient } from "../client.js";
import {
  EngineFailed,
  EngineUnavailable,
  FileAltered,
  NetworkLost,
  messageOf,
} from "../failures.js";
import { answeredBy, useModel } from "./ask.js";
import { showProgress, showProof, showProofError, showWaiting } from "./badge.js";
import {
  choice,
  chooseAutomatically,
  engineTitle,
  rememberChoice,
  showAutomatic,
} from "./choices.js";
import { byId } from "./dom.js";
import { clearFastest } from "./fastest.js";
import { milliseconds, scientific } from "./format.js";
import { keepForOffline } from "./offline.js";
import { offerOf } from "./offers.js";
import { setDoubt } from "./results.js";
import { lookForFaster } from "./search.js";

/**
 * @typedef {import("../auto/downloads.js").Candidate} Candidate
 * @typedef {import("../proof.js").Proof} Proof
 * @typedef {import("./offers.js").Offer} Offer
 *
 * @typedef {import("./ask.js").Loaded} Loaded
 *
 * @typedef {object} Listener what the page does as a load goes on
 * @property {(bundle: Bundle, offer: Offer) => void} onBundle the manifest is there
 * @property {(model: Loaded) => Promise<void>} onLoaded the model answers
 * @property {(bundle: Bundle | null, message: string) => void} onProblem nothing answers
 *
 * @typedef {object} Load one try to get the choice going
 * @property {Offer} offer
 * @property {Bundle} bundle
 * @property {import("./choices.js").Choice} chosen
 * @property {Candidate[]} plan what is tried, in that order
 * @property {string[]} notes what happened on the way, for the details
 * @property {boolean} isRemembered whether the plan begins with an engine that a search found
 */

// how often one engine may break before another takes its place
const MAY_BREAK = 2;
// two engines that are wrong by the same share are not at fault: the model is
const SAME_FAULT = 0.1;

const loadNote = byId("load-note", HTMLElement);

/** What answers now. @type {Loaded | null} */
let current = null;
/** @type {Listener} */
let listener;
let loads = 0; // a load that was overtaken by another choice ends
/** Where to begin, whatever was remembered. @type {Candidate | null} */
let preferred = null;
/** How often each engine broke since the visitor chose. @type {Map<string, number>} */
const broke = new Map();
/** Engines that `auto` does not try again until the visitor chooses. @type {Set<string>} */
const givenUp = new Set();
let isOffline = false;
let searching = new AbortController();

export function setUpModel(/** @type {Listener} */ given) {
  listener = given;
  addEventListener("online", () => {
    if (isOffline) void load([]);
  });
}

/** Loads what the visitor chose. */
export async function loadChoice() {
  preferred = null;
  broke.clear();
  givenUp.clear();
  await load([]);
}

/** Changes to an engine that was found to be faster. */
export function takeFaster(/** @type {Candidate} */ candidate) {
  preferred = candidate;
  void load([]);
}

async function load(/** @type {string[]} */ notes) {
  const mine = ++loads;
  const chosen = choice();
  rememberChoice();
  stopWhatRuns();
  showWaiting("Loading the model …");
  /** @type {Bundle | null} */
  let bundle = null;
  try {
    const offer = offerOf(chosen.bundle);
    bundle = await Bundle.open(offer);
    if (mine !== loads) return;
    listener.onBundle(bundle, offer);
    const subject = { bundle: offer, variant: chosen.variant };
    const memory = chosen.engine === AUTO ? remembered(subject) : null;
    const open = trusted(offer, chosen);
    const plan = startingWith(open, preferred ?? memory?.best ?? null);
    const isRemembered = !same(plan[0], open[0]);
    const load = { offer, bundle, chosen, plan, notes, isRemembered };
    const { client, candidate, proof, isCutOff } = await start(load);
    client.onBroken = (error) => void restart(candidate, error);
    if (memory && !isCutOff && !same(candidate, preferred ?? memory.best)) forget(subject);
    void keepUsed(client);
    if (chosen.engine !== AUTO || !proof.passed) return;
    searching = new AbortController();
    const search = { offer, subject, client, used: candidate, all: plan };
    await lookForFaster(search, searching.signal, takeFaster);
  } catch (error) {
    if (error instanceof Stopped || mine !== loads) return;
    problem(error, notes, bundle);
  }
}

/** What the choice leaves open, without what was given up; a forced engine is never left out. */
function trusted(
  /** @type {Offer} */ { variants },
  /** @type {import("./choices.js").Choice} */ chosen,
) {
  const ids = variants.map(({ id }) => id);
  const all = candidates(ids, chosen);
  const left = all.filter((candidate) => !givenUp.has(keyOf(candidate)));
  return chosen.engine === AUTO && left.length > 0 ? left : all;
}

function keyOf(/** @type {Candidate} */ { variant, engine }) {
  return `${variant} ${engine}`;
}

function stopWhatRuns() {
  searching.abort(new Stopped());
  current?.client.close();
  isOffline = false;
  setDoubt(false);
  clearFastest();
  loadNote.textContent = "";
}

/**
 * Goes through the plan to the first that is proved right; where none is, the last stays.
 * @returns {Promise<{client: WorkerClient, candidate: Candidate, proof: Proof, isCutOff: boolean}>}
 *   `isCutOff`: what was remembered is out of reach without a network
 */
async function start(/** @type {Load} */ load) {
  const { plan, chosen, notes } = load;
  /** @type {Proof | null} */
  let before = null;
  let isCutOff = false;
  for (const [i, candidate] of plan.entries()) {
    const isLast = i === plan.length - 1;
    // an engine that an earlier visit measured may never have been kept, unlike the one it used
    const mayBeOutOfReach = load.isRemembered && i === 0 && !isLast;
    const goesOn = (/** @type {unknown} */ error) =>
      !isLast && (isForAnother(error) || (mayBeOutOfReach && error instanceof NetworkLost));
    try {
      const { client, proof } = await proved(load, candidate, goesOn);
      if (proof.passed || !proof.engineAtFault || isLast || isAlike(proof, before)) {
        const action = proof.passed || !proof.engineAtFault ? null : remedy(chosen.engine);
        showProof(proof, engineTitle(candidate.engine), notes, action);
        return { client, candidate, proof, isCutOff };
      }
      before = proof;
      notes.push(
        `${engineTitle(candidate.engine)} did not match training (${proof.agreeing}/` +
          `${proof.total}, worst error ${scientific(proof.worst)}) and was given up.`,
      );
      givenUp.add(keyOf(candidate));
      client.close();
    } catch (error) {
      if (error instanceof Stopped || !(isForAnother(error) || goesOn(error))) throw error;
      isCutOff ||= error instanceof NetworkLost;
      if (error instanceof EngineFailed && mayStartAgain(candidate)) {
        notes.push(
          `${engineTitle(candidate.engine)} broke and was started again: ${error.message}`,
        );
        plan.splice(i + 1, 0, candidate);
      } else {
        if (isLast) throw error;
        notes.push(`${engineTitle(candidate.engine)} was left out: ${messageOf(error)}`);
        givenUp.add(keyOf(candidate));
      }
      current?.client.close();
    }
  }
  throw new Error("expected an engine for this variant, got none; choose another variant");
}

/** Loads a candidate, has it answer the picture on the stage, and proves it. */
async function proved(
  /** @type {Load} */ { offer, bundle, notes },
  /** @type {Candidate} */ candidate,
  /** @type {(error: unknown) => boolean} */ goesOn,
) {
  const client = new WorkerClient();
  const loading = client
    .call("load", { ...candidate, bundle: offer })
    .catch((error) => Promise.reject(reasonToLeaveOut(error)));
  // a picture that waits for an engine that is given up is answered by the next one
  const loaded = loading.catch((error) => {
    throw goesOn(error) ? new Stopped() : error;
  });
  loaded.catch(() => undefined); // whoever waits for an answer is told through it
  const mine = { client, bundle, loaded, by: answeredBy(bundle, offer, candidate) };
  current = mine;
  useModel(Promise.resolve(mine));
  showAutomatic(candidate);
  showWaiting(notes.length > 0 ? "Trying another engine …" : "Loading the model …");
  const { version, loadMs } = await loading;
  loadNote.textContent = `${version}, loaded in ${milliseconds(loadMs)}`;
  await listener.onLoaded(mine);
  showWaiting("Checking against training …");
  /** @type {Proof} */
  const proof = await client.call("prove", null, { onProgress: showProgress });
  mine.by.proof = proof.passed ? "passed" : "failed";
  setDoubt(!proof.passed);
  return { client, proof };
}

/** Nothing waits for it: a browser may never get its service worker ready. */
async function keepUsed(/** @type {WorkerClient} */ client) {
  try {
    await keepForOffline(await client.call("resources"));
  } catch (error) {
    if (!(error instanceof Stopped || error instanceof EngineFailed)) throw error;
  }
}

/** The worker or its engine broke while it was used: the same once more, then another. */
async function restart(/** @type {Candidate} */ candidate, /** @type {Error} */ error) {
  const again = mayStartAgain(candidate);
  preferred = again ? candidate : null;
  if (!again) givenUp.add(keyOf(candidate));
  const title = engineTitle(candidate.engine);
  const done = again ? "was started again" : "was given up";
  if (!again && choice().engine !== AUTO) {
    problem(error, [], current?.bundle ?? null);
    return;
  }
  await load([`${title} broke and ${done}: ${error.message}`]);
}

function mayStartAgain(/** @type {Candidate} */ candidate) {
  const key = keyOf(candidate);
  broke.set(key, (broke.get(key) ?? 0) + 1);
  return (broke.get(key) ?? 0) < MAY_BREAK;
}

/** Whatever an engine cannot load is for the next one: but that brings no network, and no other file. */
function reasonToLeaveOut(/** @type {unknown} */ error) {
  const isNoFault = error instanceof NetworkLost || error instanceof FileAltered;
  if (isNoFault || error instanceof Stopped || isForAnother(error)) return error;
  return new EngineUnavailable(messageOf(error));
}

/** Whether another engine may do better. */
function isForAnother(/** @type {unknown} */ error) {
  return error instanceof EngineUnavailable || error instanceof EngineFailed;
}

function isAlike(/** @type {Proof} */ proof, /** @type {Proof | null} */ before) {
  if (!before || proof.agreeing !== before.agreeing) return false;
  return Math.abs(proof.worst - before.worst) <= SAME_FAULT * before.worst;
}

function problem(
  /** @type {unknown} */ error,
  /** @type {string[]} */ notes,
  /** @type {Bundle | null} */ bundle,
) {
  loadNote.textContent = "";
  if (current?.by.proof === "pending") current.by.proof = "not checked";
  useModel(Promise.reject(error));
  isOffline = error instanceof NetworkLost;
  const again = { label: "Try again", run: () => void loadChoice() };
  const action = isForAnother(error) ? (remedy(choice().engine) ?? again) : again;
  showProofError(messageOf(error), notes, action);
  listener.onProblem(bundle, messageOf(error));
}

/** What a visitor can do about an engine that is wrong: leave the choice to the page. */
function remedy(/** @type {string} */ engine) {
  if (engine === AUTO) return null;
  return { label: "Choose another engine for me", run: chooseAutomatically };
}
