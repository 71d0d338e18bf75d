import { type Applier, applyChild, createChild, deleteChild } from "./apply.ts";
import type { EventDraft } from "./conditions.ts";
import { Contests } from "./contest.ts";
import { isApiError, messageOf, Stalled } from "./errors.ts";
import type { EventRecorder } from "./events.ts";
import { hasFinalizer, type Marks, setFinalizer } from "./finalizer.ts";
import type { Informer } from "./informers.ts";
import { type Intervention, intervene } from "./intervene.ts";
import { identityOf, type KubeObject, keyOf, labelOf, type Manifest } from "./kubernetes.ts";
import type { Outcome } from "./queue.ts";
import { throwWorst } from "./settled.ts";
import { StatusWriter } from "./status.ts";

/** What a pure `decide` answers: the whole of what should be, not the steps towards it. */
export type Decision = {
  /** Children as they should be. A child of ours that is neither here nor among `kept` is deleted. */
  manifests: Manifest[];
  /** Children that are made when they are not there, and never changed by us afterwards: then they are among `kept`. */
  creates?: readonly Manifest[];
  /** Children that stay as they are, such as the fences of a namespace that is on its way out. */
  kept: readonly KubeObject[];
  /** Changes of objects that are not ours, made when all stages were applied. */
  interventions?: readonly Intervention[];
  /** Our part of the status. Fields of other writers are left alone. */
  status: Record<string, unknown>;
  /** False while things are still on their way: such a status may wait half a second for the final one. */
  settled: boolean;
  /** How long one that is not settled may wait instead, counted from when it first differed from what stands. */
  patienceMilliseconds?: number | undefined;
  events: EventDraft[];
  /** Look again after this time even if nothing changes. */
  requeueAfterSeconds?: number;
  /** The object's own time is over: it is deleted. */
  expired?: boolean;
  /** Of a deleted object: nothing more remains to be done, it may go. */
  finished: boolean;
};

/** One kind and everything the loop needs to know about it. */
export type Definition<T, R> = {
  informer: Informer;
  /** Omitted where nothing is left to do when the object goes: its children have it as their owner. */
  finalizer?: string;
  /** Annotations that stand on the object, by the finalizer's write, before anything is made: what a crash must not forget. */
  marks?: (object: T) => Marks;
  /**
   * Children are found by the index of this name, which files them under their owner's key; and are really this owner's
   * by its uid in a label or, without one, in their ownerReferences.
   */
  owner: { nameLabel: string; uidLabel?: string };
  /** Kinds of children by stage: a stage is applied when the one before it was tried, and deleted after the one behind it. */
  stages: Informer[][];
  /** The error's message names the field, the fault and the fix. */
  parse: (object: KubeObject) => { ok: true; value: T } | { ok: false; error: Error };
  /** Everything else that the decision depends on. Reads caches; asks the API server only before what cannot be undone. */
  related: (object: T) => R | Promise<R>;
  decide: (object: T, related: R, children: readonly KubeObject[], now: Date) => Decision;
  /** What the status says when the object cannot be parsed, or when the API server refuses what was decided. */
  refused: (object: KubeObject, why: string, now: Date) => Pick<Decision, "status" | "events">;
  /** The same decision, saying which interventions the API server refused. */
  hindered?: (decision: Decision, refusals: readonly string[], object: T, now: Date) => Decision;
  /** The same decision, saying also that somebody else keeps changing these (as `Kind namespace/name`). */
  contested?: (decision: Decision, names: readonly string[], object: T, now: Date) => Decision;
};

export type ReconcilerOptions = { applier: Applier; record: EventRecorder; now: () => Date };

type By = ReconcilerOptions & { contests: Contests };

const AT_ONCE: Outcome = { requeueAfterMilliseconds: 0 };
const ROUNDS = 4;
const UNFINISHED_SECONDS = 10;
/** A timer may fire a little before its time. */
const SLACK_SECONDS = 0.05;

/** `decide` itself failed: a fault of ours or an object that it did not expect. */
class Undecided extends Error {}

/**
 * The one imperative loop: parse, gather, decide, apply what differs, delete what is no longer wanted, say so.
 * Everything particular to a kind is in its definition's pure `decide`.
 */
export function reconciler<T, R>(
  definition: Definition<T, R>,
  options: ReconcilerOptions,
): (key: string) => Promise<Outcome> {
  const { informer, finalizer } = definition;
  const contests = new Contests();
  const by = { ...options, contests };
  const letGo = async (object: KubeObject) => {
    if (finalizer !== undefined)
      await setFinalizer({ informer, finalizer, applier: options.applier, contests }, object, false);
  };
  const guard = async (object: KubeObject, parsed: T) => {
    if (finalizer === undefined || isDeleting(object)) return object;
    const marks = definition.marks?.(parsed) ?? {};
    return setFinalizer({ informer, finalizer, applier: options.applier, contests }, object, true, marks);
  };
  const statuses = new StatusWriter(informer, options);
  const refuse = async (object: KubeObject, why: Error): Promise<Outcome> => {
    const refusal = definition.refused(object, why.message, options.now());
    return (await statuses.write(object, { ...refusal, settled: true })) ?? AT_ONCE;
  };

  async function reconcile(object: KubeObject, parsed: T): Promise<Outcome> {
    const deleting = isDeleting(object);
    const guarded = await guard(object, parsed);
    const decision = await bringInLine(definition, by, object, parsed).catch(async (error: unknown) => {
      // Retried with backoff all the same; but what a human can mend, a human must be able to read.
      // A status that is refused too must not hide the first fault.
      if (isForHumans(error)) await refuse(guarded, error).catch(() => undefined);
      throw error;
    });
    const contested = contests.among([object, ...decision.manifests].map(identityOf));
    const said =
      contested === undefined ? undefined : definition.contested?.(decision, contested.names, parsed, options.now());
    const outcome = await statuses.write(guarded, said ?? decision);
    if (outcome === undefined) return AT_ONCE;
    if (decision.expired === true) await deleteChild(options.applier.transport, informer, object);
    if (deleting && decision.finished) await letGo(object);
    return soonest(
      outcome,
      decision.requeueAfterSeconds,
      contested && contested.againMilliseconds / 1000 + SLACK_SECONDS,
    );
  }

  return async (key) => {
    const object = informer.cache.get(key);
    if (object === undefined || (isDeleting(object) && !(finalizer && hasFinalizer(object, finalizer)))) {
      statuses.forget(key);
      return {};
    }
    const parsed = definition.parse(object);
    if (parsed.ok) return reconcile(object, parsed.value);
    // What cannot be read can still be let go, where nothing of its own is left behind.
    if (isDeleting(object) && ownChildrenOf(definition, object).length === 0) {
      await letGo(object);
      return {};
    }
    return refuse(object, parsed.error);
  };
}

function isForHumans(error: unknown): error is Error {
  return isApiError(error, 400, 403, 422) || error instanceof Stalled || error instanceof Undecided;
}

function isDeleting({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Decides and acts until there is nothing left to do now, so that the last decision speaks of what stands. */
async function bringInLine<T, R>(
  definition: Definition<T, R>,
  options: By,
  object: KubeObject,
  parsed: T,
): Promise<Decision> {
  for (let round = 1; ; round += 1) {
    const related = await definition.related(parsed);
    // Read after the wait: what is decided about and what is pruned by it must be the same children.
    const children = childrenOf(definition, object);
    const decision = decided(() => definition.decide(parsed, related, children, options.now()));
    const deletions = await prune(definition, options, object, decision);
    const { writes, refusals } = await applyStages(definition, options, decision);
    const said =
      refusals.length === 0 ? decision : (definition.hindered?.(decision, refusals, parsed, options.now()) ?? decision);
    const again = { requeueAfterSeconds: Math.min(decision.requeueAfterSeconds ?? Infinity, UNFINISHED_SECONDS) };
    if (deletions + writes === 0) return refusals.length === 0 ? decision : { ...said, ...again };
    // Somebody who undoes every write of ours must not keep us here; but nothing else may bring the key back.
    if (round === ROUNDS) return { ...said, ...again };
  }
}

/** @throws Undecided with the cause, so that it can be told from a network that failed. */
function decided(decide: () => Decision): Decision {
  try {
    return decide();
  } catch (error) {
    throw new Undecided(`the controller could not decide: ${messageOf(error)}`, { cause: error });
  }
}

function soonest({ requeueAfterMilliseconds = Infinity }: Outcome, ...afterSeconds: (number | undefined)[]): Outcome {
  const soonest = Math.min(requeueAfterMilliseconds, ...afterSeconds.map((seconds = Infinity) => seconds * 1000));
  return soonest === Infinity ? {} : { requeueAfterMilliseconds: soonest };
}

function childrenOf<T, R>({ stages, owner }: Definition<T, R>, { metadata }: KubeObject): KubeObject[] {
  return stages.flat().flatMap((child) => child.cache.by(owner.nameLabel, keyOf(metadata)));
}

/** Children that carry the name may be an earlier object's; the uid says which are really this one's. */
function ownChildrenOf<T, R>(definition: Definition<T, R>, object: KubeObject): KubeObject[] {
  const { uidLabel } = definition.owner;
  return childrenOf(definition, object).filter((child) => ownerUidOf(child, uidLabel) === object.metadata.uid);
}

function ownerUidOf(child: KubeObject, uidLabel: string | undefined): string | undefined {
  if (uidLabel !== undefined) return labelOf(child, uidLabel);
  return child.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

/**
 * Applies stage by stage; inside a stage all at once. A refusal keeps nothing else from being tried: one bad object must
 * not keep a right that was revoked from being taken away. (What must wait for a fence is not among the manifests yet.)
 * Others' objects come last: what forbids new pods stands when the old ones are ended.
 * @returns how many writes it took.
 */
async function applyStages<T, R>(
  { stages }: Definition<T, R>,
  { applier, contests, record }: By,
  { manifests, creates = [], interventions = [] }: Decision,
): Promise<{ writes: number; refusals: string[] }> {
  const results: PromiseSettledResult<boolean>[] = [];
  for (const stage of stages) {
    const applied = stage.flatMap((informer) => {
      const isOfKind = ({ kind }: Manifest) => kind === informer.kind.kind;
      return [
        ...manifests.filter(isOfKind).map((manifest) => applyChild(applier, informer, manifest, contests)),
        ...creates.filter(isOfKind).map((manifest) => createChild(applier, informer, manifest)),
      ];
    });
    results.push(...(await Promise.allSettled(applied)));
  }
  const { made, refusals, failures } = await intervene(interventions, { transport: applier.transport, record });
  results.push(...failures.map((reason): PromiseRejectedResult => ({ status: "rejected", reason })));
  throwWorst(results, isGoing);
  return { writes: succeeded(results) + made, refusals };
}

/**
 * Deletes our own children that are no longer wanted, last stage first: rights go before the fences around them.
 * @returns how many deletions it took.
 */
async function prune<T, R>(
  definition: Definition<T, R>,
  { applier }: ReconcilerOptions,
  object: KubeObject,
  decision: Decision,
): Promise<number> {
  const wanted = new Set([...decision.manifests, ...decision.kept].map(identityOf));
  const superfluous = ownChildrenOf(definition, object).filter(
    (child) => !isDeleting(child) && !wanted.has(identityOf(child)),
  );
  let deletions = 0;
  for (const stage of definition.stages.toReversed()) {
    const results = await Promise.allSettled(
      stage.flatMap((informer) =>
        superfluous
          .filter(({ kind }) => kind === informer.kind.kind)
          .map((child) => deleteChild(applier.transport, informer, child)),
      ),
    );
    throwWorst(results, isGoing);
    deletions += succeeded(results);
  }
  return deletions;
}

/** A namespace that is on its way out takes nothing new, and that is as it should be. */
function isGoing(error: unknown): boolean {
  return isApiError(error, 403) && error.causes.includes("NamespaceTerminating");
}

function succeeded(results: PromiseSettledResult<boolean>[]): number {
  return results.filter((result) => result.status === "fulfilled" && result.value).length;
}
