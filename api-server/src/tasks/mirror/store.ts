import type { AgentArtifact, TaskExecution } from "@leanvibe/schema";
import { v7 as uuid } from "uuid";
import type { Database, Transaction } from "../../db/database.ts";
import type { Task } from "../../db/generated/client.ts";
import { capabilitiesIn } from "../capabilities.ts";
import type { FileKind } from "../code.ts";
import { holdTask } from "../rows.ts";
import { keptText } from "./kept.ts";

/** PostgreSQL's integer. */
const MOST = 2_147_483_647;
/** Whatever calls itself one: an agent's word. */
const AGENTS_AT_MOST = 20;
/** Of a tenant, the newest: an agent is called as its pod, and so is a new one for each task. */
const AGENTS_KEPT = 200;

/** Writes down what an agent made and did, all of it or nothing, once. */
export async function storeArtifact(
  database: Pick<Database, "write">,
  { tenantId, id, language }: Task,
  artifact: AgentArtifact,
): Promise<void> {
  await database.write(tenantId, async (tx) => {
    const row = await holdTask(tx, tenantId, id);
    if (row.collectedAt !== null) return;
    const at = { tenantId, taskId: id };
    await tx.taskStep.createMany({ data: artifact.steps.map((step) => ({ ...at, ...stepOf(step) })) });
    await tx.taskFile.createMany({
      data: [
        ...filesOf("code", artifact.files),
        ...filesOf("test", artifact.tests),
        ...filesOf("documentation", artifact.documentation),
      ].map((file) => ({ ...at, ...file })),
    });
    await seeAgents(tx, tenantId, artifact.steps, language);
    const truncated = artifact.truncated.map((name) => keptText(name));
    const { linesOfCode, complexity } = artifact;
    await tx.task.updateMany({
      where: { tenantId, id },
      data: { collectedAt: new Date(), linesOfCode, complexity, truncated },
    });
  });
}

/** That there is nothing, or nothing that can be used, and why. */
export async function storeFault(
  database: Pick<Database, "write">,
  { tenantId, id }: Task,
  why: string,
): Promise<void> {
  const data = { collectedAt: new Date(), artifactError: keptText(why, 500) };
  await database.write(tenantId, (tx) => tx.task.updateMany({ where: { tenantId, id, collectedAt: null }, data }));
}

function stepOf({ agent_id, step, status, prompt, output, ms, tokens, started_at }: TaskExecution) {
  return {
    id: uuid(),
    agentId: keptText(agent_id),
    step: keptText(step),
    status,
    prompt: keptText(prompt),
    output: keptText(output),
    milliseconds: Math.min(ms, MOST),
    tokens,
    startedAt: new Date(started_at),
  };
}

/** Each path once. */
function filesOf(kind: FileKind, files: AgentArtifact["files"]) {
  const byPath = new Map(files.map(({ path, content }) => [path, { kind, path, content: keptText(content) }]));
  return [...byPath.values()];
}

async function seeAgents(tx: Transaction, tenantId: string, steps: readonly TaskExecution[], language: string) {
  const byName = Map.groupBy(steps, ({ agent_id }) => keptText(agent_id));
  for (const [name, own] of [...byName].slice(0, AGENTS_AT_MOST)) {
    const capabilities = capabilitiesIn(own.filter(({ status }) => status === "completed").map(({ step }) => step));
    await tx.$executeRaw`
      INSERT INTO agents AS a (tenant_id, id, name, capabilities, languages, tasks)
      VALUES (${tenantId}::uuid, ${uuid()}::uuid, ${name}, ${capabilities}::text[], ${[language]}::text[], 1)
      ON CONFLICT (tenant_id, name) DO UPDATE SET
        capabilities = ARRAY(SELECT DISTINCT c FROM unnest(a.capabilities || EXCLUDED.capabilities) AS c ORDER BY c),
        languages = ARRAY(SELECT DISTINCT l FROM unnest(a.languages || EXCLUDED.languages) AS l ORDER BY l),
        tasks = a.tasks + 1, last_seen_at = now()`;
  }
  await tx.$executeRaw`
    DELETE FROM agents WHERE tenant_id = ${tenantId}::uuid AND id IN (
      SELECT id FROM agents WHERE tenant_id = ${tenantId}::uuid ORDER BY last_seen_at DESC, id DESC OFFSET ${AGENTS_KEPT})`;
}
