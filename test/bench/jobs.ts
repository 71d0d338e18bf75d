/** The Jobs that an operator makes of tasks, made by rawwrite: by the operator's account, with the task as their owner. */
import { collectionPath, KINDS } from "@leanvibe/runtime";
import { AGENT_TASKS, agentJobName, FIELD_MANAGERS, parseAgentTask } from "@leanvibe/schema";
import { z } from "zod";
import { jobManifest } from "../../operator/src/agenttask/job.ts";
import { parseConfig } from "../../operator/src/config.ts";
import type { BenchCluster } from "./cluster.ts";
import { rawwrite } from "./programs.ts";
import type { Step } from "./record.ts";
import { EACH, inTenant, post, steps, task, until, watching } from "./tasks.ts";

/** The Job that the operator makes of a task, by the same account and with the same owner: @JOB@ and @OWNER@ come in. */
function jobStep(at: number): Step {
  const uid = `@OWNER-${at}@`;
  const parsed = parseAgentTask({
    ...task(`task-${at}`, "tenant-@NAME@", "medium"),
    metadata: { name: `task-${at}`, namespace: "tenant-@NAME@", uid },
  });
  if (!parsed.ok) throw parsed.error;
  const made = jobManifest(parsed.value, parseConfig({}).agents, undefined);
  const body = { ...made, metadata: { ...made.metadata, name: `@JOB-${at}@` } };
  const path = `${inTenant(collectionPath(KINDS.Job, "NAMESPACE"))}?fieldManager=${FIELD_MANAGERS.operator}`;
  return post(path, body, "operator");
}

/** Of each Tenant's tasks the uid, and the name of the Job that is made of it. */
async function ownersIn({ admin }: BenchCluster, names: readonly string[]) {
  const own: Record<string, Record<string, string>> = {};
  for (const tenant of names) {
    const list = await admin.send({ method: "GET", path: collectionPath(AGENT_TASKS, `tenant-${tenant}`) });
    const { items } = listed.parse(list);
    own[tenant] = Object.fromEntries(
      items.flatMap(({ metadata: { name, uid } }) => {
        const at = name.replace("task-", "");
        return [
          [`@OWNER-${at}@`, uid],
          [`@JOB-${at}@`, agentJobName(name, uid)],
        ];
      }),
    );
  }
  return own;
}

const listed = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string(), uid: z.string() }) })) });

/** @returns seconds from the first request to the last answer. The Jobs are seen by the same watches as the operator's. */
export async function rawJobs(
  program: string,
  cluster: BenchCluster,
  { names, writers }: { names: readonly string[]; writers: number },
): Promise<number> {
  const own = await ownersIn(cluster, names);
  const seen = await watching(cluster);
  try {
    const { seconds } = await rawwrite(program, cluster, { names, steps: steps(jobStep), writers, http2: true, own });
    await until(() => seen.jobs.size >= names.length * EACH);
    return seconds;
  } finally {
    await seen.stop();
  }
}
