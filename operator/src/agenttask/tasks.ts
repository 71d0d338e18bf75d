import type { Informer, Informers, KubeObject } from "@leanvibe/runtime";
import { AGENT_TASKS } from "@leanvibe/schema";
import { trimTask } from "./trim.ts";

/** Index of tasks by their namespace. */
export const BY_NAMESPACE = "namespace";

/** All AgentTasks, watched once: for their own controller, and for that of Tenants, which counts them. */
export function taskInformer(informers: Informers): Informer {
  return informers.of(AGENT_TASKS, {
    indexes: { [BY_NAMESPACE]: ({ metadata }: KubeObject) => [metadata.namespace ?? ""] },
    trim: trimTask,
  });
}
