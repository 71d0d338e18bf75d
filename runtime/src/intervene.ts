import type { Cache } from "./cache.ts";
import type { EventDraft } from "./conditions.ts";
import { isApiError } from "./errors.ts";
import type { EventRecorder, EventSubject } from "./events.ts";
import { identityOf, type Kind, type KubeObject, objectPath } from "./kubernetes.ts";
import type { Transport } from "./transport.ts";

/** Fields to set, and null for those to take away. */
export type MergePatch = { metadata?: { annotations?: Record<string, string | null> }; spec?: object };

/**
 * A change of an object that is not ours: it is never applied, only patched as it was seen (the resourceVersion in the
 * patch spares what somebody else wrote meanwhile), or ended (by its uid).
 */
export type Intervention = {
  kind: Kind;
  /** As it was seen. */
  object: KubeObject;
  /** The cache in which it was seen, where it was: it knows the change with the answer, and nothing is changed twice. */
  cache?: Cache;
  /** A merge patch, or the end of the object after its own grace period or a shorter one. */
  change: { patch: MergePatch } | { end: { gracePeriodSeconds?: number } };
  /** Told when the change was made, about each of these. */
  tell?: { about: readonly EventSubject[]; event: EventDraft };
};

/** How it went: changes made, refused ones in words, and what failed otherwise and may work the next time. */
export type Intervened = { made: number; refusals: string[]; failures: unknown[] };

/**
 * Makes the changes. One that comes too late, because the object changed or went, is left for the next look. A refusal
 * (of a policy of the cluster's, of an object that is full) keeps nothing else from being done.
 */
export async function intervene(
  interventions: readonly Intervention[],
  { transport, record }: { transport: Transport; record: EventRecorder },
): Promise<Intervened> {
  const outcome: Intervened = { made: 0, refusals: [], failures: [] };
  await Promise.all(
    interventions.map(async ({ kind, object, change, cache, tell }) => {
      try {
        const answer = await send(transport, kind, object, change);
        if ("patch" in change) cache?.wrote(answer);
      } catch (error) {
        if (isApiError(error, 400, 403, 413, 422)) outcome.refusals.push(`${identityOf(object)}: ${error.message}`);
        else if (isApiError(error, 404, 409)) outcome.made += 1;
        else outcome.failures.push(error);
        return;
      }
      outcome.made += 1;
      if (tell !== undefined) for (const about of tell.about) record(about, tell.event);
    }),
  );
  return outcome;
}

async function send(
  transport: Transport,
  kind: Kind,
  { metadata }: KubeObject,
  change: Intervention["change"],
): Promise<KubeObject> {
  const path = objectPath(kind, metadata);
  if ("end" in change) {
    const preconditions = { uid: metadata.uid };
    const body = { kind: "DeleteOptions", apiVersion: "v1", preconditions, ...change.end };
    return (await transport.send({ method: "DELETE", path, body })) as KubeObject;
  }
  const { resourceVersion, uid } = metadata;
  const body = { ...change.patch, metadata: { ...change.patch.metadata, resourceVersion, uid } };
  const contentType = "application/merge-patch+json";
  return (await transport.send({ method: "PATCH", path, contentType, body })) as KubeObject;
}
