import { basename, dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { KINDS, recordOf } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_STAGE_NAMES, AGENT_TASKS, type AgentArtifact, agentArtifact } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findCluster, loadAgentImage } from "../../cli/cluster/index.ts";
import { addressBeside } from "../../cli/src/gateway.ts";
import {
  type Api,
  apiOf,
  clear,
  conditionOf,
  connectAs,
  kubeconfigPath,
  Operator,
  uniqueName,
} from "../harness/cluster.ts";
import { readScript } from "./model/script.ts";
import { type ScriptedModel, startScriptedModel } from "./model/server.ts";
import { agentsHome, type Task } from "./played.ts";

/** The whole way on a real kubelet: the operator, the agent's image, its sandbox; only the model plays from a script. */

let api: Api;
let operator: Operator | undefined;
let model: ScriptedModel | undefined;
let home: Awaited<ReturnType<typeof agentsHome>>;
/** Which script is played to which task. */
const scripts = new Map<string, string>();

beforeAll(async () => {
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  api = apiOf(await connectAs());
  const [image, host] = await Promise.all([
    loadAgentImage(cluster, { env: process.env }),
    addressBeside(api.transport),
  ]);
  model = await startScriptedModel({
    host: "0.0.0.0",
    script: (task) => readScript(scripts.get(task.split("/")[1] ?? "") ?? ""),
  });
  const env = {
    AGENT_IMAGE: image.reference,
    AGENT_MODEL_URL: model.url.replace(/\/\/[^:]+/, `//${host}`),
    AGENT_DEFAULT_MODEL: "scripted",
  };
  operator = await Operator.start(api.transport, { env });
  home = await agentsHome(api);
}, 240_000);

afterAll(async () => {
  await clear(api);
  await operator?.stop();
  await model?.close();
});

async function give(script: string, spec: Record<string, unknown>): Promise<string> {
  const name = uniqueName(script);
  scripts.set(name, script);
  await api.create(AGENT_TASKS, {
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "AgentTask",
    metadata: { name, namespace: home.namespace },
    spec: { description: "As the script has it.", ...spec },
  });
  return name;
}

async function artifactOf({ status }: Task): Promise<AgentArtifact> {
  const { configMap } = recordOf(recordOf(status)["artifact"]);
  const { binaryData } = await api.get(KINDS.ConfigMap, String(configMap), home.namespace);
  const bytes = Buffer.from(String(recordOf(binaryData)[AGENT_KEYS.artifact]), "base64");
  return agentArtifact.parse(JSON.parse(gunzipSync(bytes).toString()));
}

const ANALYTICS = {
  title: "Create user analytics dashboard API",
  requirements: {
    features: ["real_time_metrics", "historical_data", "export_reports"],
    performance: "sub_500ms_response",
    security: "authenticated_users_only",
  },
  priority: "high",
  acceptance: [
    { name: "is healthy", http: { method: "GET", path: "/health" }, expect: { json: '{ "status": "ok" }' } },
    {
      name: "lets nobody in",
      http: { method: "GET", path: "/metrics/realtime" },
      expect: { status: 401, json: '{"error":"authentication required"}' },
    },
  ],
};

const SLUG_CASES = [
  {
    name: "joins words",
    command: `node -e 'import("./src/index.ts").then(({ slug }) => console.log(slug("A  b?")))'`,
    expect: { stdout: "a-b" },
  },
];

describe("an AgentTask, run by the agent that ships", () => {
  test("ends with code whose tests really ran, and that did what its cases ask for", async () => {
    const task = await give("analytics", ANALYTICS);
    const stages = new Set<unknown>();
    const watching = home.until(
      task,
      "ends",
      ({ stage, completionTime }) => {
        if (stage !== undefined) stages.add(stage);
        return completionTime !== undefined;
      },
      120,
    );
    const done = await watching;
    expect(done.status).toMatchObject({
      phase: "Succeeded",
      stage: "done",
      progress: 100,
      attempt: 1,
      verification: { tests: "10/10", acceptance: { total: 2, passed: 2, failed: 0 } },
    });
    expect(conditionOf(done, "Verified")).toMatchObject({ status: "True" });
    const artifact = await artifactOf(done);
    expect(artifact.files.map(({ path }) => path)).toContain("src/app.ts");
    expect([artifact.tests.length, artifact.documentation.length].every((count) => count > 0)).toBe(true);
    const answered = artifact.steps.filter(({ tokens }) => tokens > 0);
    expect(answered.length).toBeGreaterThanOrEqual(5);
    expect(answered.filter(({ prompt, output }) => prompt === "" || output === "")).toEqual([]);
    expect([...stages]).toEqual(AGENT_STAGE_NAMES.filter((stage) => stages.has(stage)));
  }, 180_000);

  test("corrects itself by what really came of running its code", async () => {
    const task = await give("corrections", { title: "Slugs", acceptance: SLUG_CASES });
    const { phase, task: done } = await home.ends(task, 120);
    expect([phase, recordOf(done.status)["iterations"]]).toEqual(["Succeeded", 2]);
  }, 180_000);

  test("that cannot be done fails, with what is wrong and what there is", async () => {
    const task = await give("hopeless", { title: "Slugs", acceptance: SLUG_CASES });
    const { phase, task: done } = await home.ends(task, 120);
    expect(phase).toBe("Failed");
    expect(recordOf(done.status)["issues"]).not.toEqual([]);
    expect((await artifactOf(done)).files.length).toBeGreaterThan(0);
  }, 180_000);
});
