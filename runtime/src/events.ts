import { createHash } from "node:crypto";
import { type EventDraft, secondsPrecision } from "./conditions.ts";
import { isApiError, messageOf, NotLeading } from "./errors.ts";
import { collectionPath, KINDS, type KubeObject, objectPath } from "./kubernetes.ts";
import type { Log } from "./log.ts";
import type { Transport } from "./transport.ts";

/** What an Event is about: as much of an object as the Event names. */
export type EventSubject = {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string | undefined;
    uid?: string | undefined;
    resourceVersion?: string | undefined;
  };
};

/**
 * Tells what happened to an object where `kubectl describe` and `kubectl get events` show it: soon, in order, one at a
 * time and behind the work, so that a thousand objects are ready before the last of them has been told about. Never
 * throws.
 */
export type EventRecorder = (about: EventSubject, event: EventDraft) => void;

/** The API server forgets Events after an hour; the same one within that time is counted, not repeated. */
const REMEMBER_MILLISECONDS = 50 * 60_000;
const REMEMBER_AT_MOST = 4_096;

type Told = { name: string; count: number; firstTimestamp: string; lastTimestamp: string; at: number };

/** News that nobody could hear any more among so much; the API server is out of reach or the cluster is on fire. */
const WAIT_AT_MOST = 4_096;

/**
 * Events that are equal are one Event with a count, under a name made of what they say: a restart counts on instead of
 * telling the same news again. `flush` resolves when all that was recorded has been told.
 */
export function createEventRecorder(options: { transport: Transport; component: string; log: Log }): {
  record: EventRecorder;
  flush: () => Promise<void>;
} {
  const { log } = options;
  const told = new Map<string, Told>();
  const waiting: { about: EventSubject; draft: EventDraft }[] = [];
  let telling: Promise<void> | undefined;

  async function tell(about: EventSubject, draft: EventDraft): Promise<void> {
    const namespace = about.metadata.namespace ?? "default";
    const identity = JSON.stringify([about.metadata.uid, draft.type, draft.reason, draft.message]);
    const next = remember(told, identity, about.metadata.name, new Date());
    try {
      await write(options.transport, namespace, eventObject(about, draft, { ...next, namespace }, options));
    } catch (error) {
      if (error instanceof NotLeading) return;
      log.warn({ reason: draft.reason, error: messageOf(error) }, "event not recorded");
    }
  }

  async function tellAll(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await tell(next.about, next.draft);
    telling = undefined;
  }

  return {
    record(about, draft) {
      if (waiting.length >= WAIT_AT_MOST) {
        log.warn({ reason: draft.reason, waiting: waiting.length }, "event not recorded: too many wait already");
        return;
      }
      waiting.push({ about: subjectOf(about), draft });
      telling ??= tellAll();
    },
    flush: async () => telling,
  };
}

/** As much as is told, so that what waits does not hold on to whole objects. */
function subjectOf({ apiVersion, kind, metadata }: EventSubject): EventSubject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } };
}

function remember(told: Map<string, Told>, identity: string, objectName: string, now: Date): Told {
  const known = told.get(identity);
  const recent = known !== undefined && now.getTime() - known.at < REMEMBER_MILLISECONDS ? known : undefined;
  const digest = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  const lastTimestamp = secondsPrecision(now);
  const next: Told = {
    // A cut may fall behind a dash or a dot, where no name may end.
    name: `${objectName.slice(0, 200).replace(/[^a-z0-9]+$/, "")}.${digest}`,
    count: (recent?.count ?? 0) + 1,
    firstTimestamp: recent?.firstTimestamp ?? lastTimestamp,
    lastTimestamp,
    at: now.getTime(),
  };
  told.delete(identity);
  told.set(identity, next);
  const [oldest] = told.keys();
  if (told.size > REMEMBER_AT_MOST && oldest !== undefined) told.delete(oldest);
  return next;
}

async function write(transport: Transport, namespace: string, event: KubeObject): Promise<void> {
  try {
    await transport.send({ method: "POST", path: collectionPath(KINDS.Event, namespace), body: event });
  } catch (error) {
    if (!isApiError(error, 409)) throw error;
    await transport.send({
      method: "PATCH",
      path: objectPath(KINDS.Event, event.metadata),
      contentType: "application/merge-patch+json",
      body: { count: event["count"], lastTimestamp: event["lastTimestamp"] },
    });
  }
}

function eventObject(
  about: EventSubject,
  draft: EventDraft,
  told: Told & { namespace: string },
  by: { component: string },
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: told.name, namespace: told.namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name: about.metadata.name,
      namespace: about.metadata.namespace,
      uid: about.metadata.uid,
      resourceVersion: about.metadata.resourceVersion,
    },
    type: draft.type,
    reason: draft.reason,
    message: draft.message.slice(0, 1024),
    source: { component: by.component },
    reportingComponent: by.component,
    firstTimestamp: told.firstTimestamp,
    lastTimestamp: told.lastTimestamp,
    count: told.count,
  };
}
