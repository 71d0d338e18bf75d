import { setTimeout as sleep } from "node:timers/promises";
import { collectionPath, isApiError, messageOf, objectPath, type Transport } from "@leanvibe/runtime";
import { AGENT_TASKS, type AgentTask, FIELD_MANAGERS, parseAgentTask } from "@leanvibe/schema";
import { z } from "zod";
import { connectAsKubectl } from "./credentials.ts";
import { artifactOf } from "./task-artifact.ts";
import { Away, PACE, patience } from "./task-patience.ts";
import { isFinal, newsBetween, type Seen, type Watching } from "./task-progress.ts";

const AGAIN_MILLISECONDS = 1_000;

export type Place = { namespace: string; name: string };

/**
 * Where a task is in the cluster, if it is NAMESPACE/NAME. An id, which the API knows, is undefined.
 * @throws Error for what is neither, and for flags of the other way
 */
export function placeOf(
  task: string,
  { api, token, context }: { api?: string | undefined; token?: string | undefined; context?: string | undefined },
): Place | undefined {
  const [namespace = "", name, ...more] = task.split("/");
  if (name === undefined) {
    if (context === undefined) return undefined;
    throw new Error("--context is for an AgentTask of the cluster, NAMESPACE/NAME; an id is asked of the API");
  }
  if (namespace === "" || name === "" || more.length > 0)
    throw new Error(`${task} is neither an id nor NAMESPACE/NAME`);
  if (api === undefined && token === undefined) return { namespace, name };
  throw new Error(`${task} is asked of the cluster, without --api and --token; --context says of which`);
}

/** Asks the cluster that kubectl would ask. */
export async function inCluster<T>(
  { context }: { context?: string | undefined },
  env: NodeJS.ProcessEnv,
  ask: (transport: Transport) => Promise<T>,
): Promise<T> {
  const transport = await connectAsKubectl(context, env);
  try {
    return await ask(transport);
  } finally {
    await transport.close();
  }
}

/** What an agent made, as the API would tell it. */
export async function codeInCluster(transport: Transport, at: Place, signal: AbortSignal) {
  const { task } = await get(transport, at, signal);
  const { linesOfCode, complexity, files, tests, documentation, truncated } = await artifactOf(
    transport,
    at,
    task,
    signal,
  );
  const name = `${at.namespace}/${at.name}`;
  return { task: name, lines_of_code: linesOfCode, complexity, files, tests, documentation, truncated };
}

/** As `kubectl patch` would. */
export async function cancelInCluster(
  transport: Transport,
  at: Place,
  signal: AbortSignal,
): Promise<{ task: string; phase: string }> {
  const { task } = await get(transport, at, signal);
  const { phase = "Pending" } = task.status ?? {};
  const name = `${at.namespace}/${at.name}`;
  if (isFinal(phase)) throw new Error(`AgentTask ${name} is ${phase} already: there is nothing to cancel`);
  await transport
    .send({
      method: "PATCH",
      path: objectPath(AGENT_TASKS, at),
      query: { fieldManager: FIELD_MANAGERS.cli },
      contentType: "application/merge-patch+json",
      body: { spec: { desiredState: "Cancel" } },
      signal,
    })
    .catch((error: unknown) => {
      if (!isApiError(error, 403)) throw error;
      throw new Error(
        `this account may not change AgentTasks in namespace ${at.namespace}: owners, admins and members of its Tenant may (${error.message})`,
      );
    });
  return { task: name, phase };
}

/** Watches an AgentTask as kubectl would, without an API server. @returns the phase in which it ended */
export async function watchInCluster(
  transport: Transport,
  at: Place,
  watching: Watching,
  pace = PACE,
): Promise<string> {
  const { tell, doing, signal } = watching;
  const patiently = patience(watching, pace);
  let before: Seen | undefined;
  const waited = new Set<string>();
  for await (const task of looks(transport, at, { patiently, signal })) {
    const seen = seenOf(task);
    // Why it waits may go to and fro, as Kubernetes' words for an image do; it is told once.
    const after = waited.has(seen.waits) ? { ...seen, waits: "" } : seen;
    waited.add(seen.waits);
    for (const told of newsBetween(before, after)) tell(told);
    before = after;
    if (isFinal(after.phase)) return after.phase;
    if (task.status?.activity !== undefined) doing(task.status.activity, after.progress);
  }
  throw new Error("stopped");
}

/** The AgentTask as it is, and as it changes, without end. @throws Error when it is deleted; the signal's reason */
async function* looks(
  transport: Transport,
  at: Place,
  { patiently, signal }: { patiently: ReturnType<typeof patience>; signal: AbortSignal },
): AsyncGenerator<AgentTask> {
  for (;;) {
    signal.throwIfAborted();
    const { task, version } = await patiently(() => get(transport, at, signal));
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

async function get(
  transport: Transport,
  at: Place,
  signal: AbortSignal,
): Promise<{ task: AgentTask; version: string }> {
  const path = objectPath(AGENT_TASKS, at);
  const answer = await transport.send({ method: "GET", path, signal }).catch((error: unknown) => {
    if (isApiError(error, 404)) throw new Error(`there is no AgentTask ${at.name} in namespace ${at.namespace}`);
    if (isApiError(error) && error.status < 500 && error.status !== 429) throw error;
    throw new Away(`the cluster cannot be reached: ${messageOf(error)}`);
  });
  const parsed = parseAgentTask(answer);
  if (!parsed.ok) throw parsed.error;
  return { task: parsed.value, version: parsed.value.metadata.resourceVersion ?? "" };
}

const WAITS = ["Accepted", "Isolated", "Progressing"];

function seenOf({ status = {} }: AgentTask): Seen {
  const { phase = "Pending", stage = null, progress = 0, attempt = 0, conditions = [], queuePosition } = status;
  const of = (wanted: string) => conditions.find(({ type }) => type === wanted);
  const succeeded = of("Succeeded");
  const hindrance = WAITS.map(of).find((each) => each !== undefined && each.status !== "True");
  const waits =
    phase === "Queued" && queuePosition !== undefined ? `${queuePosition}. in the queue` : hindrance?.message;
  return {
    phase,
    stage,
    progress,
    attempt,
    why: succeeded?.status === "False" ? succeeded.message : "",
    waits: isFinal(phase) ? "" : (waits ?? ""),
  };
}
