import type { Applier } from "./apply.ts";
import type { Contests } from "./contest.ts";
import { isApiError } from "./errors.ts";
import type { Informer } from "./informers.ts";
import { identityOf, type KubeObject, keyOf, objectPath } from "./kubernetes.ts";

export type FinalizerOptions = { informer: Informer; finalizer: string; applier: Applier; contests: Contests };

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Annotations, by name. */
export type Marks = Readonly<Record<string, string>>;

/**
 * Adds our finalizer and, in the same write, marks; or removes the finalizer. The resourceVersion makes the write fail
 * rather than undo somebody else's.
 * @returns the version that stands then, which differs from `object` in our finalizer and marks alone.
 */
export async function setFinalizer(
  by: FinalizerOptions,
  object: KubeObject,
  present: boolean,
  marks: Marks = {},
): Promise<KubeObject> {
  const { informer, finalizer, applier, contests } = by;
  const current = informer.cache.get(keyOf(object.metadata)) ?? object;
  // Of the same name but made anew meanwhile: its finalizer is not ours to take, its turn comes.
  if (current.metadata.uid !== object.metadata.uid) return object;
  if (hasFinalizer(current, finalizer) === present && carries(current, marks)) return object;
  const fight = { name: identityOf(object), wanted: `${object.metadata.uid} ${finalizer} ${JSON.stringify(marks)}` };
  // Somebody keeps taking it off; what else there is to do goes on.
  if (present && !contests.mayWrite(fight.name, fight.wanted)) return object;
  const others = (current.metadata.finalizers ?? []).filter((other) => other !== finalizer);
  const finalizers = present ? [...others, finalizer] : others;
  try {
    const answer = (await applier.transport.send({
      method: "PATCH",
      path: objectPath(informer.kind, object.metadata),
      query: { fieldManager: applier.fieldManager },
      contentType: "application/merge-patch+json",
      body: { metadata: { resourceVersion: current.metadata.resourceVersion, finalizers, annotations: marks } },
    })) as KubeObject;
    if (present) contests.wrote(fight.name, fight.wanted, false);
    if (finalizers.length > 0) informer.cache.wrote(answer);
    else informer.cache.deleted(current);
    return answer;
  } catch (error) {
    // It went while we were on the way to let it go.
    if (present || !isApiError(error, 404)) throw error;
    informer.cache.deleted(current);
    return object;
  }
}

function carries({ metadata: { annotations = {} } }: KubeObject, marks: Marks): boolean {
  return Object.entries(marks).every(([name, value]) => annotations[name] === value);
}
