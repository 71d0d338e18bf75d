import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isApiError, KINDS, objectPath, type Transport } from "@leanvibe/runtime";
import {
  AGENT_KEYS,
  AGENT_LIMITS,
  type AgentArtifact,
  type AgentTask,
  ANNOTATIONS,
  agentArtifact,
} from "@leanvibe/schema";
import { z } from "zod";
import type { Place } from "./task-cluster.ts";
import { isFinal } from "./task-progress.ts";

const unpack = promisify(gunzip);

const configMap = z.object({ binaryData: z.record(z.string(), z.string()).default({}) });

/**
 * What an agent made, as the cluster alone has it: in the ConfigMap of which the operator wrote down name and sum.
 * @throws Error that says why there is none
 */
export async function artifactOf(transport: Transport, at: Place, task: AgentTask): Promise<AgentArtifact> {
  const { phase = "Pending", artifact } = task.status ?? {};
  if (artifact?.configMap === undefined || artifact.sha256 === undefined) {
    const words = isFinal(phase) ? "it made nothing" : "nothing is there yet";
    throw new Error(`AgentTask ${at.namespace}/${at.name} is ${phase}: ${words}`);
  }
  const path = objectPath(KINDS.ConfigMap, { name: artifact.configMap, namespace: at.namespace });
  const answer = await transport.send({ method: "GET", path }).catch((error: unknown) => {
    if (isApiError(error, 404)) throw new Error(gone(artifact.configMap ?? "", at, task));
    if (!isApiError(error, 403)) throw error;
    throw new Error(
      `what it made is in ConfigMap ${artifact.configMap} of namespace ${at.namespace}, which this account may not read: every member and viewer of its Tenant may (kubectl -n ${at.namespace} auth can-i get configmaps)`,
    );
  });
  const bytes = Buffer.from(configMap.parse(answer).binaryData[AGENT_KEYS.artifact] ?? "", "base64");
  return await artifactIn(bytes, artifact.sha256);
}

function gone(name: string, at: Place, { metadata }: AgentTask): string {
  const id = metadata.annotations?.[ANNOTATIONS.taskId] ?? "ID";
  return `ConfigMap ${name} of namespace ${at.namespace} is not there any more; where the platform's API has taken it over: ./leanvibe task code ${id}`;
}

async function artifactIn(bytes: Buffer, sha256: string): Promise<AgentArtifact> {
  if (bytes.length > AGENT_LIMITS.artifactBytes)
    throw unusable(`it is larger than ${AGENT_LIMITS.artifactBytes} bytes`);
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw unusable("it is not what the operator saw; where an agent is at work it may be newer: ask again");
  }
  const text = await unpack(bytes, { maxOutputLength: AGENT_LIMITS.unpackedBytes }).catch(() => {
    throw unusable(`it does not unpack to at most ${AGENT_LIMITS.unpackedBytes} bytes`);
  });
  const parsed = agentArtifact.safeParse(jsonIn(text.toString("utf8")));
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  throw unusable(`it does not fit: ${fault?.path.join(".").slice(0, 100)} ${fault?.message.slice(0, 200)}`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable("it is no JSON");
  }
}

function unusable(why: string): Error {
  return new Error(`what the agent made cannot be used: ${why}`);
}
