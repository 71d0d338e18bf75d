import { type Applier, applyChild, deleteChild, stableJson } from "./apply.ts";
import type { EventDraft } from "./conditions.ts";
import { isApiError, Waiting } from "./errors.ts";
import type { EventRecorder } from "./events.ts";
import type { Informer } from "./informers.ts";
import { type KubeObject, keyOf, labelOf, type Manifest, objectPath } from "./kubernetes.ts";
import type { Outcome } from "./queue.ts";

/** What a pure `decide` answers: the whole of what should be, not the steps towards it. */
export type Decision = {
  /** Children as they should be. A child of ours that is neither here nor among `kept` is deleted. */
  manifests: Manifest[];
  /** Children that stay as they are, such as the fences of a namespace that is on its way out. */
  kept: readonly KubeObject[];
  /** Our part of the status. Fields of other writers are left alone. */
  status: Record<string, unknown>;
  /** False while things are still on their way: such a status may wait half a second for the final one. */
  settled: boolean;
  events: EventDraft[];
  /** Look again after this time even if nothing changes. */
  requeueAfterSeconds?: number;
  /** Of a deleted object: nothing more remains to be done, it may go. */
  finished: boolean;
};

/** One kind and everything the loop needs to know about it. */
export type Definition<T, R> = {
  informer: Informer;
  finalizer: string;
  /** Labels on every child: the owner's name finds them, its uid says whether they are really this owner's. */
  owner: { nameLabel: string; uidLabel: string };
  /** Kinds of children by stage: a stage is applied when the one before it stands, and deleted after the one behind it. */
  stages: Informer[][];
  /** The error's message names the field, the fault and the fix. */
  parse: (object: KubeObject) => { ok: true; value: T } | { ok: false; error: Error };
  /** Everything else that the decision depends on. Reads caches; asks the API server only before what cannot be undone. */
  related: (object: T) => R | Promise<R>;
  decide: (object: T, related: R, children: readonly KubeObject[], now: Date) => Decision;
  /** What the status says when the object cannot be parsed, or when the API server refuses what was decided. */
  refused: (object: KubeObject, why: string, now: Date) => Pick<Decision, "status" | "events">;
};

export type ReconcilerOptions = { applier: Applier; record: EventRecorder; now: () => Date };

const INTERIM_STATUS_MILLISECONDS = 500;
const ROUNDS = 4;

/**
 * The one imperative loop: parse, gather, decide, apply what differs, delete what is no longer wanted, say so.
 * Everything particular to a kind is in its definition's pure `decide`.
 */
export function reconciler<T, R>(
  definition: Definition<T, R>,
  options: ReconcilerOptions,
): (key: string) => Promise<Outcome> {
  const { informer } = definition;
  const writeStatus = statusWriter(informer, options);
  const refuse = (object: KubeObject, why: Error) =>
    writeStatus(object, { ...definition.refused(object, why.message, options.now()), settled: true });

  async function reconcile(object: KubeObject, parsed: T): Promise<Outcome> {
    const deleting = isDeleting(object);
    if (!deleting) await setFinalizer(definition, options, object, true);
    const decision = await bringInLine(definition, options, object, parsed).catch(async (error: unknown) => {
      // Retried with backoff all the same; but what a human can mend, a human must be able to read.
      if (isApiError(error, 400, 403, 422)) await refuse(object, error);
      throw error;
    });
    const outcome = await writeStatus(object, decision);
    if (deleting && decision.finished) await setFinalizer(definition, options, object, false);
    return { ...requeue(decision.requeueAfterSeconds), ...outcome };
  }

  return async (key) => {
    const object = informer.cache.get(key);
    if (object === undefined || (isDeleting(object) && !hasFinalizer(object, definition.finalizer))) return {};
    const parsed = definition.parse(object);
    return parsed.ok ? reconcile(object, parsed.value) : refuse(object, parsed.error);
  };
}

function isDeleting({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Decides and acts until there is nothing left to do now, so that the last decision speaks of what stands. */
async function bringInLine<T, R>(
  definition: Definition<T, R>,
  options: ReconcilerOptions,
  object: KubeObject,
  parsed: T,
): Promise<Decision> {
  for (let round = 1; ; round += 1) {
    const children = childrenOf(definition, object);
    const decision = definition.decide(parsed, await definition.related(parsed), children, options.now());
    const deletions = await prune(definition, options, object, { children, decision });
    const writes = await applyStages(definition, options, decision.manifests);
    // Somebody who undoes every write of ours must not keep us here: their next edit brings the key back anyway.
    if (deletions + writes === 0 || round === ROUNDS) return decision;
  }
}

function requeue(seconds: number | undefined): Outcome {
  return seconds === undefined ? {} : { requeueAfterMilliseconds: seconds * 1000 };
}

function childrenOf<T, R>({ stages, owner }: Definition<T, R>, { metadata }: KubeObject): KubeObject[] {
  return stages.flat().flatMap((child) => child.cache.by(owner.nameLabel, metadata.name));
}

/**
 * Applies stage by stage; inside a stage all at once, and one refusal does not keep the others from being tried.
 * @returns how many writes it took.
 */
async function applyStages<T, R>(
  { stages }: Definition<T, R>,
  { applier }: ReconcilerOptions,
  manifests: readonly Manifest[],
): Promise<number> {
  let writes = 0;
  for (const stage of stages) {
    const results = await Promise.allSettled(
      stage.flatMap((informer) =>
        manifests
          .filter(({ kind }) => kind === informer.kind.kind)
          .map((manifest) => applyChild(applier, informer, manifest)),
      ),
    );
    throwWorst(results);
    writes += results.filter((result) => result.status === "fulfilled" && result.value).length;
  }
  return writes;
}

/**
 * Deletes our own children that are no longer wanted, last stage first: rights go before the fences around them.
 * @returns how many deletions it took.
 */
async function prune<T, R>(
  { stages, owner }: Definition<T, R>,
  { applier }: ReconcilerOptions,
  object: KubeObject,
  { children, decision }: { children: readonly KubeObject[]; decision: Decision },
): Promise<number> {
  const wanted = new Set([...decision.manifests, ...decision.kept].map(identity));
  const superfluous = children.filter(
    (child) =>
      child.metadata.deletionTimestamp === undefined &&
      labelOf(child, owner.uidLabel) === object.metadata.uid &&
      !wanted.has(identity(child)),
  );
  for (const stage of stages.toReversed()) {
    const results = await Promise.allSettled(
      stage.flatMap((informer) =>
        superfluous
          .filter(({ kind }) => kind === informer.kind.kind)
          .map((child) => deleteChild(applier.transport, informer, child)),
      ),
    );
    throwWorst(results);
  }
  return superfluous.length;
}

function identity(object: KubeObject): string {
  return `${object.kind} ${keyOf(object.metadata)}`;
}

function throwWorst(results: PromiseSettledResult<unknown>[]): void {
  const failed = results.filter((result) => result.status === "rejected").map((result): unknown => result.reason);
  // A namespace that is going takes nothing new, and that is as it should be.
  const worst = failed.filter((error) => !(isApiError(error, 403) && error.causes.includes("NamespaceTerminating")));
  const first = worst.find((error) => !(error instanceof Waiting)) ?? worst[0];
  if (first !== undefined) throw first;
}

function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Adds or removes our finalizer; the resourceVersion makes the write fail rather than undo somebody else's. */
async function setFinalizer<T, R>(
  { informer, finalizer }: Definition<T, R>,
  { applier }: ReconcilerOptions,
  object: KubeObject,
  present: boolean,
): Promise<void> {
  const current = informer.cache.get(keyOf(object.metadata)) ?? object;
  if (hasFinalizer(current, finalizer) === present) return;
  const others = (current.metadata.finalizers ?? []).filter((other) => other !== finalizer);
  const answer = await applier.transport.send({
    method: "PATCH",
    path: objectPath(informer.kind, object.metadata),
    query: { fieldManager: applier.fieldManager },
    contentType: "application/merge-patch+json",
    body: {
      metadata: {
        resourceVersion: current.metadata.resourceVersion,
        finalizers: present ? [...others, finalizer] : others,
      },
    },
  });
  if (present) informer.cache.put(answer as KubeObject);
}

type StatusWriter = (object: KubeObject, said: Pick<Decision, "status" | "events" | "settled">) => Promise<Outcome>;

/** Writes our status fields when they differ, the interim ones only when the final ones do not come soon. */
function statusWriter(informer: Informer, { applier, record }: ReconcilerOptions): StatusWriter {
  const pendingSince = new Map<string, number>();
  return async (object, { status, events, settled }) => {
    const key = keyOf(object.metadata);
    const current = informer.cache.get(key);
    if (current === undefined || sameStatus(status, current["status"])) {
      pendingSince.delete(key);
      return {};
    }
    const since = pendingSince.get(key) ?? performance.now();
    const wait = INTERIM_STATUS_MILLISECONDS - (performance.now() - since);
    if (!settled && wait > 0) {
      pendingSince.set(key, since);
      return { requeueAfterMilliseconds: wait };
    }
    pendingSince.delete(key);
    const answer = await applier.transport.send({
      method: "PATCH",
      path: `${objectPath(informer.kind, object.metadata)}/status`,
      query: { fieldManager: applier.fieldManager, force: true },
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        // With its uid the apply can only reach this object, never make one anew that is gone.
        metadata: { name: object.metadata.name, namespace: object.metadata.namespace, uid: object.metadata.uid },
        status,
      },
    });
    informer.cache.put(answer as KubeObject);
    await Promise.all(events.map((event) => record(object, event)));
    return {};
  };
}

function sameStatus(ours: Record<string, unknown>, live: unknown): boolean {
  const fields = new Map<string, unknown>(typeof live === "object" && live !== null ? Object.entries(live) : []);
  return Object.entries(ours).every(([name, value]) => stableJson(value) === stableJson(fields.get(name)));
}
