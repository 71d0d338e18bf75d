import { collectionPath, isApiError, Waiting } from "@leanvibe/runtime";
import { AGENT_TASKS, type AgentTask, FIELD_MANAGERS, parseAgentTask } from "@leanvibe/schema";
import type { Task } from "../../db/generated/client.ts";
import { Overtaken } from "../../mirror/rows.ts";
import { manifestOf } from "../spec.ts";
import { changeRow, endRow, unplaceRow } from "./rows.ts";
import type { World } from "./steps.ts";

/** Those that are ended go when their time is over, and it is their Tenant's to let them go sooner. */
const NO_ROOM_SECONDS = 15;
const NO_ROOM = "NoRoom";
/** As the API server's admission says it; a task's name, which stands there too, has no space in it. */
const QUOTA = /exceeded quota/;

/**
 * Makes the object of a row. What the cluster will never take ends the row.
 * @returns undefined where there will be none
 * @throws Overtaken, Waiting, ApiError
 */
export async function create(world: World, namespace: string, row: Task): Promise<AgentTask | undefined> {
  const query = { fieldManager: FIELD_MANAGERS.api };
  const path = collectionPath(AGENT_TASKS, namespace);
  try {
    const answer = await world.transport.send({ method: "POST", path, query, body: manifestOf(row, namespace) });
    return taskOf(answer);
  } catch (error) {
    await judge(world, error, { namespace, row });
    return undefined;
  }
}

/** @throws whatever does not end the row */
async function judge(world: World, error: unknown, { namespace, row }: { namespace: string; row: Task }) {
  // Made by an answer that we did not hear, or by somebody else: the watch brings it.
  if (isApiError(error, 409)) throw new Overtaken(`AgentTask ${row.name} is there`);
  if (isApiError(error, 403) && QUOTA.test(error.message)) throw await withoutRoom(world, namespace, row);
  if (isApiError(error, 404) || isApiError(error, 403)) {
    if ((await world.placeOf(row.tenantId)) !== namespace) {
      await unplaceRow(world.parts, row);
      throw new Overtaken(`${namespace} is no longer where ${row.name} is to be`);
    }
    // Its namespace comes.
    if (isApiError(error, 404)) throw new Overtaken(`namespace ${namespace} is not there`);
  }
  // The cluster takes no such task, and will not.
  if (!isApiError(error, 400) && !isApiError(error, 422)) throw error;
  await endRow(world.parts, row, { phase: "Failed", reason: "Refused", message: error.message });
}

/** As many as its plan lets be there are: it waits in the database for one to go, and says so once. */
async function withoutRoom({ parts }: World, namespace: string, row: Task): Promise<Error> {
  const message = `${namespace} holds as many tasks as its plan lets be there: this one begins when another goes, an hour after its end, or when somebody deletes one that ended (kubectl -n ${namespace} delete agenttask NAME)`;
  const isTold = row.reason === NO_ROOM || (await changeRow(parts, row, { reason: NO_ROOM, message }));
  if (!isTold) return new Overtaken(`${row.name} was changed meanwhile`);
  return new Waiting(`${namespace} has no room for ${row.name}`, NO_ROOM_SECONDS);
}

export function taskOf(answer: unknown): AgentTask {
  const parsed = parseAgentTask(answer);
  if (!parsed.ok) throw new Error("the API server answered with an AgentTask that cannot be read");
  return parsed.value;
}
