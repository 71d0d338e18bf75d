import type { EventDraft } from "./conditions.ts";
import { isApiError } from "./errors.ts";
import type { EventRecorder, EventSubject } from "./events.ts";
import { type Kind, type KubeObject, objectPath } from "./kubernetes.ts";
import type { Transport } from "./transport.ts";

/** Fields to set, and null for those to take away. */
export type MergePatch = { metadata?: object; spec?: object };

/**
 * A change of an object that is not ours: it is never applied, only patched as it was seen (the resourceVersion in the
 * patch spares what somebody else wrote meanwhile), or ended (by its uid).
 */
export type Intervention = {
  kind: Kind;
  /** As it was seen. */
  object: KubeObject;
  /** A merge patch, or the end of the object after its own grace period or a shorter one. */
  change: { patch: MergePatch } | { end: { gracePeriodSeconds?: number } };
  /** Told when the change was made, about each of these. */
  tell?: { about: readonly EventSubject[]; event: EventDraft };
};

/**
 * Makes the changes. One that comes too late, because the object changed or went, is left for the next look.
 * @returns how each went: rejected for refusals that somebody must hear of.
 */
export function intervene(
  interventions: readonly Intervention[],
  { transport, record }: { transport: Transport; record: EventRecorder },
): Promise<PromiseSettledResult<boolean>[]> {
  return Promise.allSettled(
    interventions.map(async ({ kind, object, change, tell }) => {
      try {
        await send(transport, kind, object, change);
      } catch (error) {
        if (isApiError(error, 404, 409)) return true;
        throw error;
      }
      if (tell !== undefined) await Promise.all(tell.about.map((about) => record(about, tell.event)));
      return true;
    }),
  );
}

async function send(
  transport: Transport,
  kind: Kind,
  { metadata }: KubeObject,
  change: Intervention["change"],
): Promise<void> {
  const path = objectPath(kind, metadata);
  if ("end" in change) {
    const preconditions = { uid: metadata.uid };
    const body = { kind: "DeleteOptions", apiVersion: "v1", preconditions, ...change.end };
    await transport.send({ method: "DELETE", path, body });
    return;
  }
  const { resourceVersion, uid } = metadata;
  const body = { ...change.patch, metadata: { ...change.patch.metadata, resourceVersion, uid } };
  await transport.send({ method: "PATCH", path, contentType: "application/merge-patch+json", body });
}
