import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { KINDS, type KubeObject } from "@leanvibe/runtime";
import { AGENT_TASKS, ANNOTATIONS, agentConfigMaps } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { type Api, eventually } from "../harness/cluster.ts";
import { type AgentWorld, agentPod, applyTask, type Org, setStatus, withAgents } from "./agents.ts";

let api: Api;
let world: AgentWorld;
let org: Org;

withAgents((made) => {
  ({ api, world, org } = made);
});

const ask = (method: string, path: string, body?: object) => world.server.ask(method, path, body, org.headers);

async function createTask(more: object = {}): Promise<{ id: string; object: KubeObject }> {
  const { status, body } = await ask("POST", "/api/v1/tasks", { title: "Report", description: "Make it.", ...more });
  if (status !== 202) throw new Error(JSON.stringify(body));
  const name = String(body["name"]);
  const object = await eventually(`AgentTask ${name}`, () => api.find(AGENT_TASKS, name, org.namespace));
  return { id: String(body["id"]), object };
}

const untilTask = (id: string, what: (body: Record<string, unknown>) => boolean) =>
  eventually(`task ${id}`, async () => {
    const { body } = await ask("GET", `/api/v1/tasks/${id}`);
    return what(body) ? body : undefined;
  });

const ARTIFACT = {
  version: 1,
  files: [{ path: "src/report.ts", content: "export const report = 1;\n" }],
  tests: [],
  documentation: [{ path: "README.md", content: "# Report\n" }],
  steps: [
    {
      agent_id: "l3-coder",
      step: "code",
      status: "completed",
      prompt: "p",
      output: "o",
      ms: 5,
      tokens: 9,
      started_at: "2026-11-26T05:00:00Z",
    },
  ],
  checkpoint: { iterations: 0, data: null },
  linesOfCode: 1,
  complexity: 1,
  truncated: [],
};

/** As the agent leaves it, and as the operator tells of it. */
async function finish(task: KubeObject, more: { sha256?: string; completionTime?: string } = {}): Promise<KubeObject> {
  const { job } = await agentPod(api, task);
  const { name, namespace = "", uid = "" } = job.metadata;
  const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name, uid }];
  const bytes = gzipSync(JSON.stringify(ARTIFACT));
  const { report, artifact } = agentConfigMaps(name);
  const configMap = (of: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: of, namespace, ownerReferences },
  });
  await api.create(KINDS.ConfigMap, { ...configMap(report), data: { "report.json": "{}" } });
  await api.create(KINDS.ConfigMap, {
    ...configMap(artifact),
    binaryData: { "artifact.json.gz": bytes.toString("base64") },
  });
  const sha256 = more.sha256 ?? createHash("sha256").update(bytes).digest("hex");
  const status = { phase: "Succeeded", stage: "done", progress: 100, attempt: 1, jobName: name, jobUID: uid };
  const completionTime = more.completionTime ?? "2026-11-26T05:00:00Z";
  return await setStatus(api, AGENT_TASKS, task, {
    ...status,
    completionTime,
    artifact: { configMap: artifact, sha256, sizeBytes: bytes.length },
  });
}

const collectedOf = async (name: string) => {
  const { status } = (await api.get(AGENT_TASKS, name, org.namespace)) as {
    status?: { artifact?: { collectedAt?: string } };
  };
  return status?.artifact?.collectedAt;
};

const isGone = async (name: string) => (await api.find(KINDS.ConfigMap, name, org.namespace)) === undefined;

describe("a task of the API", () => {
  test("becomes an AgentTask, is followed, collected and cleared away", async () => {
    const { id, object } = await createTask({
      requirements: { features: ["a"] },
      limits: { max_tokens: 5_000 },
      acceptance: [{ name: "adds", command: "node a.ts", expect: { exit_code: 1, stdout: "3" } }],
    });
    expect(object.metadata.annotations).toMatchObject({
      [ANNOTATIONS.managedBy]: "api",
      [ANNOTATIONS.taskId]: id,
    });
    expect(object["spec"]).toMatchObject({
      title: "Report",
      requirements: { features: ["a"] },
      limits: { maxTokens: 5_000 },
      acceptance: [{ name: "adds", expect: { exitCode: 1, stdout: "3" } }],
      desiredState: "Run",
    });
    await setStatus(api, AGENT_TASKS, object, { phase: "Running", stage: "analysis", progress: 15, attempt: 1 });
    await untilTask(id, ({ progress, status }) => progress === 15 && status === "in_progress");
    await setStatus(api, AGENT_TASKS, object, { verification: { acceptance: { total: 1, passed: 1, failed: 0 } } });
    const { metadata } = await finish(object);
    const done = await untilTask(id, ({ code_ready }) => code_ready === true);
    expect(done).toMatchObject({ status: "completed", phase: "Succeeded", namespace: org.namespace });
    expect((await ask("GET", `/api/v1/tasks/${id}/code`)).body).toMatchObject({ files: ARTIFACT.files });
    expect((await ask("GET", `/api/v1/tasks/${id}/steps`)).body).toMatchObject([{ agent_id: "l3-coder", tokens: 9 }]);
    expect((await ask("GET", "/api/v1/agents")).body).toMatchObject([{ agent_id: "l3-coder" }]);
    await eventually("it is said to be collected", () => collectedOf(metadata.name));
    const { status } = (await api.get(AGENT_TASKS, metadata.name, org.namespace)) as { status?: { jobName?: string } };
    const { report, artifact } = agentConfigMaps(status?.jobName ?? "");
    await eventually("its ConfigMaps are gone", async () => (await isGone(report)) && (await isGone(artifact)));
  });

  test("is cancelled in the cluster, and has ended when its object is deleted", async () => {
    const { id, object } = await createTask();
    await setStatus(api, AGENT_TASKS, object, { phase: "Running", attempt: 1 });
    await untilTask(id, ({ phase }) => phase === "Running");
    expect((await ask("POST", `/api/v1/tasks/${id}/cancel`)).status).toBe(202);
    await eventually("the object is cancelled", async () => {
      const { spec } = (await api.get(AGENT_TASKS, object.metadata.name, org.namespace)) as {
        spec?: { desiredState?: string };
      };
      return spec?.desiredState === "Cancel";
    });
    await api.remove(AGENT_TASKS, object.metadata);
    expect(await untilTask(id, ({ phase }) => phase === "Cancelled")).toMatchObject({ reason: "Deleted" });
  });

  test("of which the artifact is not what was reported has no code, and is not waited for [forged]", async () => {
    const { id, object } = await createTask();
    const { metadata } = await finish(object, { sha256: "0".repeat(64) });
    await eventually("it is not waited for", () => collectedOf(metadata.name));
    expect(await ask("GET", `/api/v1/tasks/${id}/code`)).toMatchObject({
      status: 409,
      body: { error_code: "CODE_NOT_READY" },
    });
  });

  test("is made once, though the server is killed as it makes it", async () => {
    for (let at = 0; at < 3; at++) {
      const { body } = await ask("POST", "/api/v1/tasks", { title: `Killed ${at}`, description: "Make it." });
      world.server.kill();
      await world.server.start();
      await eventually("it is made", async () => {
        const row = await ask("GET", `/api/v1/tasks/${String(body["id"])}`);
        return row.body["namespace"] !== null && (await api.find(AGENT_TASKS, String(body["name"]), org.namespace));
      });
    }
    const { items } = (await api.transport.send({
      method: "GET",
      path: `/apis/leanvibe.io/v1alpha1/namespaces/${org.namespace}/agenttasks`,
    })) as { items: KubeObject[] };
    const ids = items.map(({ metadata }) => metadata.annotations?.[ANNOTATIONS.taskId]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("a task of kubectl's", () => {
  test("has a row without a maker, and the API cancels it", async () => {
    const object = await applyTask(api, org.namespace, { priority: "urgent" });
    const { name } = object.metadata;
    const row = await eventually("it is listed", async () => {
      const { body } = await ask("GET", "/api/v1/tasks?limit=100");
      return (body as unknown as Record<string, unknown>[]).find((each) => each["name"] === name);
    });
    expect(row).toMatchObject({ managed_by: "kubectl", created_by: null, priority: "urgent", status: "pending" });
    expect((await ask("POST", `/api/v1/tasks/${String(row["id"])}/cancel`)).status).toBe(202);
    await eventually("the object is cancelled", async () => {
      const { spec } = (await api.get(AGENT_TASKS, name, org.namespace)) as { spec?: { desiredState?: string } };
      return spec?.desiredState === "Cancel";
    });
  });

  test("that names another row's id in its annotations is a row of its own [forged]", async () => {
    const { id } = await createTask();
    const forged = await api.create(AGENT_TASKS, {
      apiVersion: "leanvibe.io/v1alpha1",
      kind: "AgentTask",
      metadata: {
        name: "forged",
        namespace: org.namespace,
        annotations: { [ANNOTATIONS.managedBy]: "api", [ANNOTATIONS.taskId]: id },
      },
      spec: { title: "Forged", description: "Not the API's." },
    });
    const row = await eventually("it is listed", async () => {
      const { body } = await ask("GET", "/api/v1/tasks?limit=100");
      return (body as unknown as Record<string, unknown>[]).find((each) => each["name"] === "forged");
    });
    expect([row["id"] === id, row["managed_by"]]).toEqual([false, "kubectl"]);
    await api.remove(AGENT_TASKS, forged.metadata);
  });

  test("deleted and applied anew under its name is two tasks", async () => {
    const named = (title: string) =>
      api.create(AGENT_TASKS, {
        apiVersion: "leanvibe.io/v1alpha1",
        kind: "AgentTask",
        metadata: { name: "twice", namespace: org.namespace },
        spec: { title, description: "Twice." },
      });
    const listed = async () => {
      const { body } = await ask("GET", "/api/v1/tasks?limit=100");
      return (body as unknown as Record<string, unknown>[])
        .filter((each) => each["name"] === "twice")
        .map(({ title, phase }) => [title, phase]);
    };
    await named("first");
    await eventually("the first", async () => (await listed()).length === 1);
    await api.remove(AGENT_TASKS, { name: "twice", namespace: org.namespace });
    await named("second");
    await eventually("both", async () => {
      const all = await listed();
      return all.length === 2 && all[0]?.[1] === "Cancelled" && all[1]?.[0] === "second";
    });
  });
});

describe("what an agent left", () => {
  test("is taken away only where it is its Job's [somebody else's ConfigMap]", async () => {
    const { object } = await createTask();
    const { job } = await agentPod(api, object);
    const { name, uid } = job.metadata;
    const { report } = agentConfigMaps(name);
    const metadata = { name: report, namespace: org.namespace };
    await api.create(KINDS.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { mine: "yes" } });
    await setStatus(api, AGENT_TASKS, object, { phase: "Failed", jobName: name, jobUID: uid, attempt: 1 });
    await eventually("it is said to be collected", () => collectedOf(object.metadata.name));
    expect(await isGone(report)).toBe(false);
  });
});
