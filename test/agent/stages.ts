import { collectionPath, KINDS, type Kind, recordOf } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_TASKS, agentConfigMaps, agentJobName } from "@leanvibe/schema";
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
      const { progress, completionTime } = recordOf(status);
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

  // It ends with the task's, and without an end there is none of it.
  ofReport().catch(() => undefined);
  await ofTask().finally(() => over.abort());
  return watched;
}

function note(seen: Seen, { stage, progress }: Record<string, unknown>): void {
  if (typeof stage === "string" && !seen.has(stage)) seen.set(stage, { at: performance.now(), progress });
}
