import { collectionPath, KINDS, type Kind, recordOf } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_STAGES, AGENT_TASKS, agentConfigMaps, agentJobName } from "@leanvibe/schema";
import type { ShippedAgents } from "./shipped.ts";

/** When a stage was first seen, by performance.now(), and the percentage beside it. */
type Seen = Map<string, { at: number; progress: unknown }>;

export type WatchedStages = {
  /** As the task's status says it. */
  shown: Seen;
  /** As its agent wrote it. */
  written: Seen;
  /** Every percentage of the status, in order. */
  percentages: number[];
  /** When the agent's last word was first seen in the status, done or not yet believed; when its Job was seen to be complete. */
  lastWord: number;
  jobComplete: number;
};

/** Watches of the API, as `kubectl get -w` has them, until a task ends: of itself, of what its agent writes, of its Job. */
export async function watchStages({ api, home }: ShippedAgents, name: string): Promise<WatchedStages> {
  const { metadata } = await home.get(name);
  const job = agentJobName(name, metadata.uid ?? "");
  const { report } = agentConfigMaps(job);
  const over = new AbortController();
  const watched: WatchedStages = {
    shown: new Map(),
    written: new Map(),
    percentages: [],
    lastWord: Number.POSITIVE_INFINITY,
    jobComplete: Number.POSITIVE_INFINITY,
  };

  async function* changes(kind: Kind, of: string): AsyncGenerator<Record<string, unknown>> {
    const query = { watch: true, fieldSelector: `metadata.name=${of}` };
    const path = collectionPath(kind, home.namespace);
    for await (const line of api.transport.lines({ method: "GET", path, query, signal: over.signal })) {
      yield recordOf(recordOf(JSON.parse(line))["object"]);
    }
  }

  async function ofTask(): Promise<void> {
    for await (const { status } of changes(AGENT_TASKS, name)) {
      const { progress, activity, completionTime } = recordOf(status);
      if (activity === AGENT_STAGES.done.text) watched.lastWord = Math.min(watched.lastWord, performance.now());
      note(watched.shown, recordOf(status));
      if (typeof progress === "number") watched.percentages.push(progress);
      if (completionTime !== undefined) return;
    }
    throw new Error("the watch ended before the task");
  }

  async function ofReport(): Promise<void> {
    for await (const { data } of changes(KINDS.ConfigMap, report)) {
      note(watched.written, recordOf(JSON.parse(String(recordOf(data)[AGENT_KEYS.report]))));
    }
  }

  async function ofJob(): Promise<void> {
    for await (const { status } of changes(KINDS.Job, job)) {
      if (isComplete(status)) watched.jobComplete = Math.min(watched.jobComplete, performance.now());
    }
  }

  // They end with the task's, and without an end there is none of it.
  for (const watching of [ofReport(), ofJob()]) watching.catch(() => undefined);
  await ofTask().finally(() => over.abort());
  return watched;
}

function isComplete(status: unknown): boolean {
  const { conditions } = recordOf(status);
  if (!Array.isArray(conditions)) return false;
  return conditions.map(recordOf).some(({ type, status: value }) => type === "Complete" && value === "True");
}

function note(seen: Seen, { stage, progress }: Record<string, unknown>): void {
  if (typeof stage === "string" && !seen.has(stage)) seen.set(stage, { at: performance.now(), progress });
}
