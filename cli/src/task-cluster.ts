import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath, isApiError, objectPath, type Transport } from "@leanvibe/runtime";
import { AGENT_TASKS, type AgentTask, parseAgentTask } from "@leanvibe/schema";
import { z } from "zod";
import { connectTo } from "./credentials.ts";
import { isFinal, newsBetween, type Seen, type Watching } from "./task-progress.ts";

const AGAIN_MILLISECONDS = 1_000;

export type Place = { namespace: string; name: string };

/** The kubeconfig that kubectl would use. */
export function usualKubeconfig(env: NodeJS.ProcessEnv): string {
  const [first] = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return first ?? join(homedir(), ".kube", "config");
}

/** Watches an AgentTask as kubectl would, without an API server. @returns the phase in which it ended */
export async function watchInCluster(at: Place, kubeconfig: string, watching: Watching): Promise<string> {
  const transport = await connectTo(kubeconfig);
  try {
    return await follow(transport, at, watching);
  } finally {
    await transport.close();
  }
}

async function follow(transport: Transport, at: Place, { tell, doing, signal }: Watching): Promise<string> {
  let before: Seen | undefined;
  for await (const task of looks(transport, at, signal)) {
    const after = seenOf(task);
    for (const told of newsBetween(before, after)) tell(told);
    before = after;
    if (isFinal(after.phase)) return after.phase;
    if (task.status?.activity !== undefined) doing(task.status.activity, after.progress);
  }
  throw new Error("stopped");
}

/** The AgentTask as it is, and as it changes, without end. @throws Error when it is deleted; the signal's reason */
async function* looks(transport: Transport, at: Place, signal: AbortSignal): AsyncGenerator<AgentTask> {
  for (;;) {
    signal.throwIfAborted();
    const { task, version } = await get(transport, at);
    yield task;
    try {
      yield* changes(transport, at, version, signal);
    } catch (error) {
      // A watch breaks, or is too old: it is read anew. Whoever may not watch is told so.
      if (signal.aborted || error instanceof Deleted || isApiError(error, 403)) throw error;
    }
    await sleep(AGAIN_MILLISECONDS, undefined, { signal });
  }
}

class Deleted extends Error {}

const event = z.object({ type: z.string(), object: z.unknown() });

async function* changes(
  transport: Transport,
  at: Place,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<AgentTask> {
  const query = { watch: true, fieldSelector: `metadata.name=${at.name}`, resourceVersion: version };
  const path = collectionPath(AGENT_TASKS, at.namespace);
  for await (const line of transport.lines({ method: "GET", path, query, signal })) {
    const { type, object } = event.parse(JSON.parse(line));
    if (type === "DELETED") throw new Deleted(`AgentTask ${at.namespace}/${at.name} was deleted`);
    if (type === "ERROR") return;
    const parsed = parseAgentTask(object);
    if (parsed.ok) yield parsed.value;
  }
}

async function get(transport: Transport, at: Place): Promise<{ task: AgentTask; version: string }> {
  const answer = await transport.send({ method: "GET", path: objectPath(AGENT_TASKS, at) }).catch((error: unknown) => {
    if (isApiError(error, 404)) throw new Error(`there is no AgentTask ${at.name} in namespace ${at.namespace}`);
    throw error;
  });
  const parsed = parseAgentTask(answer);
  if (!parsed.ok) throw parsed.error;
  return { task: parsed.value, version: parsed.value.metadata.resourceVersion ?? "" };
}

function seenOf({ status = {} }: AgentTask): Seen {
  const { phase = "Pending", stage = null, progress = 0, attempt = 0, conditions = [] } = status;
  const why = conditions.find(({ type, status: value }) => type === "Succeeded" && value === "False")?.message ?? "";
  return { phase, stage, progress, attempt, why };
}
