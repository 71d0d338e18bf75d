import { isApiError, type KubeObject, objectPath, secondsPrecision, type Transport, Waiting } from "@leanvibe/runtime";
import { AGENT_TASK, AGENT_TASKS, type AgentTask, API_VERSION, FIELD_MANAGERS } from "@leanvibe/schema";
import { artifactIn, MissingArtifact, UnusableArtifact } from "@leanvibe/schema/artifact";
import type { Task } from "../../db/generated/client.ts";
import type { MirrorParts } from "../../mirror/mirror.ts";
import { Overtaken } from "../../mirror/rows.ts";
import { hasEnded } from "../rows.ts";
import { alone } from "./alone.ts";
import { clear, Forbidden, readArtifact } from "./collect.ts";
import { isAsAsked, isMadeFor, nextStep, type Step } from "./decide.ts";
import { create, taskOf } from "./make.ts";
import { changeRow, endRow, findRefs, forsakeRow, makeRow, readRow, settleRow } from "./rows.ts";
import { storeArtifact, storeFault } from "./store.ts";

/** More would be two who disagree for ever. */
const STEPS_AT_MOST = 12;
const APPLY = "application/apply-patch+yaml";
const MERGE = "application/merge-patch+json";
/** An artifact and what the operator says of it may pass each other for a while. */
const PASSING_MILLISECONDS = 60_000;
/** As long as the operator keeps a task that was not collected, whatever its time to live. */
const FORBIDDEN_MILLISECONDS = 3_600_000;
const FORBIDDEN_SECONDS = 30;

export type World = {
  parts: MirrorParts;
  transport: Transport;
  /** Whose namespace it is; undefined where it is nobody's, or its tenant has no account yet. */
  tenantIn: (namespace: string) => Promise<string | undefined>;
  /** The namespace where a tenant's new objects are to be; undefined while it has none. */
  placeOf: (tenantId: string) => Promise<string | undefined>;
  /** Whether an object that is not there was deleted by somebody who meant it. */
  wasDeleted: (namespace: string) => Promise<boolean>;
};

export type Place = { namespace: string; name: string };

/**
 * Brings the rows and the object of one place to where they agree, a step at a time.
 * @throws Overtaken, ApiError; what the database is told by when it does not answer
 */
export async function agree(world: World, at: Place, object: AgentTask | undefined): Promise<void> {
  const uid = object?.metadata.uid;
  const found = await findRefs(world.parts.database.worker, { ...at, uid });
  let isKnown = false;
  for (const ref of found) {
    const row = await readRow(world.parts, ref);
    if (row !== undefined && (await agreeWith(world, at, row, object))) isKnown = true;
  }
  if (!isKnown && object !== undefined) await walk(world, at, undefined, object);
}

/** @returns whether the object is that row's */
async function agreeWith(world: World, at: Place, row: Task, object: AgentTask | undefined): Promise<boolean> {
  const { parts } = world;
  if (object !== undefined && (row.objectUid === object.metadata.uid || (await isReallyFor(world, object, row)))) {
    await walk(world, at, row, object);
    return true;
  }
  if (row.objectUid !== null || object === undefined) await walk(world, at, row, undefined);
  else if (!hasEnded(row)) {
    const message = `an AgentTask ${at.name} of somebody else stands in its place`;
    await endRow(parts, row, { phase: "Failed", reason: "NameTaken", message });
  }
  if (hasEnded(row)) await forsake(world, at, row, object);
  return false;
}

/** @param other what stands in its place by now */
async function forsake(world: World, at: Place, row: Task, other: AgentTask | undefined): Promise<void> {
  if (other !== undefined || (await world.wasDeleted(at.namespace))) await forsakeRow(world.parts, row);
}

/** One that ended before it had an object gets none afterwards. @throws Overtaken */
async function isReallyFor({ transport }: World, object: AgentTask, row: Task): Promise<boolean> {
  return row.clearedAt === null && isMadeFor(object, row) && isAsAsked(await wholeOf(transport, object), row);
}

/** What is watched is held without its text. @throws Overtaken where it is another by now */
async function wholeOf(transport: Transport, { metadata: { name, namespace, uid } }: AgentTask): Promise<AgentTask> {
  const path = objectPath(AGENT_TASKS, { name, namespace });
  const whole = await changed(transport.send({ method: "GET", path }), name);
  if (whole.metadata.uid !== uid) throw new Overtaken(`AgentTask ${name} is another by now`);
  return whole;
}

async function walk(world: World, at: Place, first: Task | undefined, object: AgentTask | undefined): Promise<void> {
  let [row, seen] = [first, object];
  for (let left = STEPS_AT_MOST; left > 0; left--) {
    const step = nextStep(row, seen);
    if (step === undefined) return;
    if (row === undefined) {
      if (seen !== undefined) await begin(world, at, seen);
      // Looked at once more as a row.
      throw new Overtaken(`${at.name} has only now got a row`);
    }
    seen = await take(world, step, { at, row, object: seen });
    row = await readRow(world.parts, row);
    if (row === undefined) return;
  }
  throw new Error(`${at.namespace}/${at.name}: row and object do not come to agree`);
}

/** Its namespace may be nobody's for good: no reason to ask for it all the time. */
const NOBODYS_SECONDS = 5;

/** @throws Waiting while its tenant has no account; Overtaken */
async function begin(
  { parts, tenantIn, transport }: World,
  { namespace, name }: Place,
  object: AgentTask,
): Promise<void> {
  const tenantId = await tenantIn(namespace);
  if (tenantId === undefined) throw new Waiting(`${namespace}/${name} is nobody's yet`, NOBODYS_SECONDS);
  await makeRow(parts, tenantId, await wholeOf(transport, object));
}

type Around = { at: Place; row: Task; object: AgentTask | undefined };

/** @returns the object as it is after the step */
async function take(world: World, step: Step, { at, row, object }: Around): Promise<AgentTask | undefined> {
  const { parts, transport } = world;
  switch (step.do) {
    case "make row":
      return object;
    case "create object":
      return await create(world, at.namespace, row);
    case "change row":
      if (!(await changeRow(parts, row, step.change))) throw new Overtaken(`${row.name} was changed meanwhile`);
      return object;
    case "end row":
      // Told once more when it is known.
      if (step.isGone && !(await world.wasDeleted(at.namespace))) {
        throw new Overtaken(`${row.name} is not known to be deleted`);
      }
      await endRow(parts, row, step);
      return object;
    case "settle row":
      await settleRow(parts, row);
      return object;
    case "cancel object":
      return object && (await cancel(transport, object));
    case "collect":
      if (object !== undefined) await collect(world, row, object);
      return object;
    case "say collected":
      return object && (await sayCollected(transport, object, step.at));
    case "clear":
      if (object !== undefined) await clear(transport, object);
      await settleRow(parts, row);
      return object;
  }
}

/** Of whatever is there now and is still that one. Everything but this one field may be kubectl's. */
async function cancel(transport: Transport, { metadata }: AgentTask): Promise<AgentTask> {
  const { name, namespace, uid, resourceVersion } = metadata;
  const body = { metadata: { uid, resourceVersion }, spec: { desiredState: "Cancel" } };
  const query = { fieldManager: FIELD_MANAGERS.api };
  const path = objectPath(AGENT_TASKS, { name, namespace });
  return await changed(transport.send({ method: "PATCH", path, query, body, contentType: MERGE }), name);
}

async function sayCollected(transport: Transport, { metadata }: AgentTask, at: Date): Promise<AgentTask> {
  const { name, namespace, uid } = metadata;
  const body: KubeObject = {
    apiVersion: API_VERSION,
    kind: AGENT_TASK.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) },
    status: { artifact: { collectedAt: secondsPrecision(at) } },
  };
  const path = `${objectPath(AGENT_TASKS, { name, namespace })}/status`;
  const query = { fieldManager: FIELD_MANAGERS.api, force: true };
  return await changed(transport.send({ method: "PATCH", path, query, body, contentType: APPLY }), name);
}

async function changed(answer: Promise<unknown>, name: string): Promise<AgentTask> {
  try {
    return taskOf(await answer);
  } catch (error) {
    if (isApiError(error, 409) || isApiError(error, 404)) throw new Overtaken(`AgentTask ${name} is another by now`);
    throw error;
  }
}

async function collect({ parts, transport }: World, row: Task, object: AgentTask): Promise<void> {
  try {
    await alone(row.name, async () => {
      const left = await readArtifact(transport, object);
      if (left === undefined) return await storeFault(parts.database, row, "its agent made nothing");
      await storeArtifact(parts.database, row, await artifactIn(left.bytes, left.sha256));
    });
  } catch (error) {
    if (!(error instanceof UnusableArtifact)) throw error;
    const since = Date.now() - Date.parse(object.status?.completionTime ?? "");
    const why = `${row.name}: ${error.message}`;
    if (error instanceof Forbidden && since < FORBIDDEN_MILLISECONDS) throw new Waiting(why, FORBIDDEN_SECONDS);
    if (error instanceof MissingArtifact && since < PASSING_MILLISECONDS) throw new Overtaken(why);
    parts.log.warn({ task: row.id, error: error.message }, "what an agent made cannot be used");
    await storeFault(parts.database, row, error.message);
  }
}
