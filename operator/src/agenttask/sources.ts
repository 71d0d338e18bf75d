import {
  byKey,
  type Change,
  type Informer,
  type KubeObject,
  type Source,
  sameJson,
  unlessOwn,
} from "@leanvibe/runtime";
import { LABELS } from "@leanvibe/schema";
import { isUnfinished, priorityIn, taskOf, type Watched } from "./gather.ts";
import { BY_NAMESPACE } from "./tasks.ts";

/** Which tasks a change concerns. */
export function sourcesOf(seen: Watched): Source[] {
  const { tasks, namespaces, fences, proof } = seen;
  const own = () => true;
  const fromTask = ({ before, after }: Change) => {
    const object = after ?? before;
    return object === undefined ? [] : taskOf(object);
  };
  return [
    {
      informer: tasks,
      keysOf: unlessOwn(byKey, own),
      priorityOf: ({ after }, origin) => {
        if (after !== undefined && priorityIn(after) === "urgent") return "urgent";
        return origin === "watch" ? "live" : "background";
      },
    },
    { informer: seen.jobs, keysOf: unlessOwn(whenRead(fromTask), own) },
    { informer: seen.pods, keysOf: whenRead(fromTask) },
    { informer: seen.reports, keysOf: fromTask },
    // Whose a namespace is and whether it is at a stop; its other labels are no news to a task.
    {
      informer: namespaces,
      keysOf: whenChanged(
        unfinishedIn(tasks, ({ name }) => name),
        HOME_LABELS,
      ),
    },
    ...Object.values(fences).map(
      (informer): Source => ({
        informer,
        keysOf: whenComesOrGoes(unfinishedIn(tasks, ({ namespace = "" }) => namespace)),
      }),
    ),
    { informer: proof, keysOf: () => [...tasks.cache.all()].filter(isUnfinished).flatMap((task) => byKey(only(task))) },
  ];
}

const only = (object: KubeObject): Change => ({ before: undefined, after: object });

type KeysOf = Source["keysOf"];

function unfinishedIn(tasks: Informer, namespaceOf: (metadata: KubeObject["metadata"]) => string): KeysOf {
  return ({ before, after }) => {
    const object = after ?? before;
    if (object === undefined) return [];
    return tasks.cache
      .by(BY_NAMESPACE, namespaceOf(object.metadata))
      .filter(isUnfinished)
      .flatMap((task) => byKey(only(task)));
  };
}

/** Leaves out changes of what nobody reads, of which a Job and its pod have as many as of the rest. */
function whenRead(keysOf: KeysOf): KeysOf {
  const read = (object: KubeObject | undefined) => {
    if (object === undefined) return undefined;
    const { deletionTimestamp, labels, annotations, ownerReferences } = object.metadata;
    return [deletionTimestamp, labels, annotations, ownerReferences, object["spec"], object["status"]];
  };
  return (change) => (sameJson(read(change.before), read(change.after)) ? [] : keysOf(change));
}

const HOME_LABELS = [LABELS.tenant, LABELS.suspended, LABELS.retained, LABELS.runtimeClass] as const;

function whenChanged(keysOf: KeysOf, labels: readonly string[]): KeysOf {
  return (change) => {
    const { before, after } = change;
    const said = (object: KubeObject | undefined) =>
      JSON.stringify([object?.metadata.deletionTimestamp, ...labels.map((label) => object?.metadata.labels?.[label])]);
    return said(before) === said(after) ? [] : keysOf(change);
  };
}

function whenComesOrGoes(keysOf: KeysOf): KeysOf {
  return (change) => {
    const isThere = (object: KubeObject | undefined) => object !== undefined && !object.metadata.deletionTimestamp;
    return isThere(change.before) === isThere(change.after) ? [] : keysOf(change);
  };
}
