import { isApiError, KINDS, objectPath, type Transport } from "@leanvibe/runtime";
import { AGENT_KEYS, type AgentTask, agentConfigMaps } from "@leanvibe/schema";
import { MissingArtifact, UnusableArtifact } from "@leanvibe/schema/artifact";
import { z } from "zod";

/**
 * The agents' binding is not there, by which it is read. The operator may be about to put it there; where it does not, the
 * namespace was kept of a Tenant that is gone, or left its Tenant, and is nobody's to work in.
 */
export class Forbidden extends UnusableArtifact {
  override readonly name = "Forbidden";
}

const configMap = z.object({
  metadata: z.object({
    uid: z.string(),
    ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
  }),
  binaryData: z.record(z.string(), z.string()).default({}),
});

type Held = z.output<typeof configMap>;

/** A ConfigMap of a task's Job; undefined where there is none, or somebody else's of that name. */
async function find(
  transport: Transport,
  { metadata, status }: AgentTask,
  which: "report" | "artifact",
): Promise<{ held: Held; path: string } | undefined> {
  const { namespace = "" } = metadata;
  const { jobName, jobUID } = status ?? {};
  if (jobName === undefined || jobUID === undefined) return undefined;
  const path = objectPath(KINDS.ConfigMap, { name: agentConfigMaps(jobName)[which], namespace });
  const answer = await transport.send({ method: "GET", path }).catch((error: unknown) => {
    if (isApiError(error, 404)) return undefined;
    throw isApiError(error, 403) ? new Forbidden("the API may not read it in its namespace") : error;
  });
  if (answer === undefined) return undefined;
  const held = configMap.parse(answer);
  return held.metadata.ownerReferences.some(({ uid }) => uid === jobUID) ? { held, path } : undefined;
}

/** What an agent left, and the sum of it that the operator wrote down. */
export type Left = { bytes: Buffer; sha256: string };

/**
 * @returns undefined where an agent made nothing
 * @throws MissingArtifact, Forbidden; ApiError, or Error of the connection
 */
export async function readArtifact(transport: Transport, task: AgentTask): Promise<Left | undefined> {
  const sha256 = task.status?.artifact?.sha256;
  if (sha256 === undefined) return undefined;
  const found = await find(transport, task, "artifact");
  if (found === undefined) throw new MissingArtifact("it is not in the cluster any more");
  return { bytes: Buffer.from(found.held.binaryData[AGENT_KEYS.artifact] ?? "", "base64"), sha256 };
}

/** Takes both ConfigMaps away, and nothing that somebody else made under their names. */
export async function clear(transport: Transport, task: AgentTask): Promise<void> {
  for (const which of ["artifact", "report"] as const) {
    const found = await find(transport, task, which).catch((error: unknown) => {
      if (error instanceof Forbidden) return undefined;
      throw error;
    });
    if (found === undefined) continue;
    const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: found.held.metadata.uid } };
    await transport.send({ method: "DELETE", path: found.path, body }).catch((error: unknown) => {
      if (!isApiError(error, 404) && !isApiError(error, 409)) throw error;
    });
  }
}
