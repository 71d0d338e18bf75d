import { isApiError, KINDS, objectPath, type Transport } from "@leanvibe/runtime";
import { AGENT_KEYS, type AgentArtifact, type AgentTask, ANNOTATIONS } from "@leanvibe/schema";
import { artifactIn, UnusableArtifact } from "@leanvibe/schema/artifact";
import { z } from "zod";
import { line } from "./command-line.ts";
import type { Place } from "./task-cluster.ts";
import { isFinal } from "./task-progress.ts";

const configMap = z.object({ binaryData: z.record(z.string(), z.string()).default({}) });

/**
 * What an agent made, as the cluster alone has it: in the ConfigMap of which the operator wrote down name and sum.
 * @throws Error that says why there is none
 */
export async function artifactOf(
  transport: Transport,
  at: Place,
  task: AgentTask,
  signal: AbortSignal,
): Promise<AgentArtifact> {
  const { phase = "Pending", artifact } = task.status ?? {};
  if (artifact?.configMap === undefined || artifact.sha256 === undefined) {
    const words = isFinal(phase) ? "it made nothing" : "nothing is there yet";
    throw new Error(`AgentTask ${at.namespace}/${at.name} is ${phase}: ${words}`);
  }
  const path = objectPath(KINDS.ConfigMap, { name: artifact.configMap, namespace: at.namespace });
  const answer = await transport.send({ method: "GET", path, signal }).catch((error: unknown) => {
    if (isApiError(error, 404)) throw new Error(gone(artifact.configMap ?? "", at, task));
    if (!isApiError(error, 403)) throw error;
    throw new Error(
      `what it made is in ConfigMap ${artifact.configMap} of namespace ${at.namespace}, which this account may not read: every member and viewer of its Tenant may (kubectl -n ${at.namespace} auth can-i get configmaps)`,
    );
  });
  const bytes = Buffer.from(configMap.parse(answer).binaryData[AGENT_KEYS.artifact] ?? "", "base64");
  return await artifactIn(bytes, artifact.sha256).catch((error: unknown) => {
    if (!(error instanceof UnusableArtifact)) throw error;
    const words = isFinal(phase) ? "" : "; an agent is at work, and what it made may be newer: ask again";
    throw new Error(`what the agent made cannot be used: ${error.message}${words}`);
  });
}

function gone(name: string, at: Place, { metadata }: AgentTask): string {
  const id = metadata.annotations?.[ANNOTATIONS.taskId];
  const how =
    id === undefined
      ? `${line("task", "code", "ID")}, by the id that ${line("task", "list")} shows`
      : line("task", "code", id);
  return `ConfigMap ${name} of namespace ${at.namespace} is not there any more; where the platform's API has taken it over: ${how}`;
}
