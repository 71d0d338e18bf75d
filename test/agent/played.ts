import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { AGENT_TASKS, API_VERSION, agentConfigMaps, agentJobName, LABELS } from "@leanvibe/schema";
import { build } from "../../cli/cluster/build.ts";
import { findCluster, loadArchive } from "../../cli/cluster/index.ts";
import { cacheFolder } from "../../cli/cluster/layout.ts";
import { programImage, writeArchive } from "../../cli/cluster/oci.ts";
import type { Program } from "../../cli/cluster/programs.ts";
import {
  type Api,
  conditionOf,
  eventually,
  kubeconfigPath,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";

/** An agent for tests: it does what its task's description says. */
export const PLAYED_IMAGE = "leanvibe.io/played-agent:1";

const PROGRAM: Program = {
  module: "played",
  source: join(import.meta.dirname, "played"),
  packages: ["."],
  outputs: ["played"],
  flags: ["-ldflags", "-s -w"],
  coldSeconds: 20,
};

/** Builds it once for this machine, and gives it to the nodes of the tests' own cluster. @throws Error where that is another's. */
export async function loadPlayedAgent(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  const folder = await build(PROGRAM, { cache: cacheFolder(env), env, progress: () => undefined });
  const program = readFileSync(join(folder, "played"));
  const archive = join(scratchFolder("played"), "images.tar");
  await writeArchive([await programImage({ reference: PLAYED_IMAGE, entrypoint: "/node", program })], archive);
  await loadArchive(cluster, archive, { env });
}

/** A report as an agent writes it; POD_UID is replaced in the pod. */
export function report(rest: object = {}): string {
  return JSON.stringify({
    version: 1,
    podUID: "POD_UID",
    progress: 0,
    activity: "Thinking",
    iterations: 0,
    usage: { inputTokens: 10, outputTokens: 5, llmCalls: 1, estimated: false },
    ...rest,
  });
}

export function outcome(result: string, reason: string, rest: object = {}): object {
  return { outcome: { result, reason, message: `${reason} it is.`, issues: [], ...rest } };
}

/** What the played agent says when all went well. */
export const DONE = report({ stage: "done", progress: 100, ...outcome("Succeeded", "Completed") });

export function taskManifest(at: { name: string; namespace: string }, lines: readonly string[], spec: object = {}) {
  const description = lines.join("\n");
  const resources = { cpu: "20m", memory: "64Mi" };
  return {
    apiVersion: API_VERSION,
    kind: AGENT_TASKS.kind,
    metadata: at,
    spec: { title: "Played", description, resources, ...spec },
  };
}

export type Task = KubeObject & { status?: Record<string, unknown> };

/** A Tenant with a namespace in which agents may run, and short words for what tests do there. */
export async function agentsHome(api: Api, spec: Record<string, unknown> = { plan: "professional" }) {
  const name = uniqueName("agents");
  const namespace = `tenant-${name}`;
  await api.create(TENANTS, tenantManifest(name, { deletionPolicy: "Delete", ...spec }));
  await untilCondition(api, name, ["Ready", "True"]);
  const get = async (task: string) => (await api.get(AGENT_TASKS, task, namespace)) as Task;
  const pods = async (task: string) =>
    (await api.list(PODS, `${LABELS.agentTask}=${task}`)).filter(({ metadata }) => metadata.namespace === namespace);
  return {
    tenant: name,
    namespace,
    get,
    pods,
    jobs: async (task: string) =>
      (await api.list(KINDS.Job, `${LABELS.agentTask}=${task}`)).filter(
        ({ metadata }) => metadata.namespace === namespace,
      ),
    async run(lines: readonly string[], more: object = {}): Promise<string> {
      const task = uniqueName("task");
      await api.create(AGENT_TASKS, taskManifest({ name: task, namespace }, lines, more));
      return task;
    },
    tenantSpec: (spec: object) => api.patch(TENANTS, { name }, { spec }),
    /** Milliseconds from its agent's last write until now, by the API server's own word of when that was. */
    async written(task: string, { metadata }: Task): Promise<number> {
      const { report: map } = agentConfigMaps(agentJobName(task, metadata.uid ?? ""));
      const { metadata: of } = await api.get(KINDS.ConfigMap, map, namespace);
      const times = (of.managedFields ?? []).map((entry) => Date.parse(String(recordOf(entry)["time"])));
      // To the second: up to one more than it was.
      return Date.now() - Math.max(...times) - 999;
    },
    change: (task: string, change: object) => api.patch(AGENT_TASKS, { name: task, namespace }, { spec: change }),
    async until(
      task: string,
      what: string,
      holds: (status: Record<string, unknown>, task: Task) => boolean,
      seconds = 30,
    ) {
      let last: Task | undefined;
      try {
        return await eventually(
          `${task}: ${what}`,
          async () => {
            last = await get(task);
            return holds(recordOf(last.status), last) && last;
          },
          seconds,
        );
      } catch (error) {
        throw new Error(`${String(error)}; last: ${JSON.stringify(last?.status)}`);
      }
    },
    async ends(task: string, seconds = 60): Promise<{ phase: unknown; reason: unknown; task: Task }> {
      const done = await this.until(task, "ends", ({ completionTime }) => completionTime !== undefined, seconds);
      return { phase: done.status?.["phase"], reason: conditionOf(done, "Succeeded")?.reason, task: done };
    },
  };
}

/** Fails when two pods of the task ever lived at the same time, or it ever had two Jobs. */
export function watchForTwo(home: Awaited<ReturnType<typeof agentsHome>>, task: string): { end(): Promise<number> } {
  let most = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const [pods, jobs] = await Promise.all([home.pods(task), home.jobs(task)]);
      const living = pods.filter((pod) => !["Succeeded", "Failed"].includes(String(recordOf(pod["status"])["phase"])));
      most = Math.max(most, living.length, jobs.length);
      await sleep(50);
    }
  })();
  return {
    async end() {
      isOver = true;
      await watching;
      return most;
    },
  };
}
