import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentReport, agentReport, type TaskInput } from "@leanvibe/schema";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Agent, type Surroundings } from "../../operator/agent/agent.ts";
import { unpacked } from "../../operator/agent/artifact.ts";
import type { Store } from "../../operator/agent/cluster.ts";
import { parseConfig } from "../../operator/agent/config.ts";
import { readScript, type Script, scriptOf } from "./model/script.ts";
import { type ScriptedModel, startScriptedModel } from "./model/server.ts";
import { taskOf } from "./running.ts";
import { workbench } from "./workbench.ts";

let folder: string;
let model: ScriptedModel | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-"));
  await writeFile(join(folder, "token"), "projected\n");
});

afterEach(async () => {
  await model?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The cluster's side: what was written, in order. */
function recordingStore() {
  const reports: { at: number; report: AgentReport }[] = [];
  let artifact: Buffer | undefined;
  const store: Store = {
    artifact: async () => artifact,
    async writeArtifact(bytes) {
      artifact = bytes;
    },
    async writeReport(text) {
      reports.push({ at: performance.now(), report: agentReport.parse(JSON.parse(text)) });
    },
    close: async () => undefined,
  };
  return { store, reports, artifact: () => artifact };
}

type Recording = ReturnType<typeof recordingStore>;
type Change = Partial<Surroundings> & { env?: Record<string, string> };

async function agentOf(recording: Recording, task: TaskInput, script: Script, change: Change = {}) {
  const { env = {}, ...rest } = change;
  await writeFile(join(folder, "task.json"), JSON.stringify(task));
  model = await startScriptedModel({ script: () => script });
  const config = parseConfig({
    POD_UID: "pod-1",
    POD_NAME: "agt-slug-1-abcde",
    POD_NAMESPACE: "tenant-acme",
    JOB_NAME: "agt-slug-1",
    JOB_UID: "job-1",
    TASK_NAME: "slug",
    TASK_FILE: join(folder, "task.json"),
    MODEL_URL: model.url,
    MODEL_NAME: "small",
    MODEL_TOKEN_FILE: join(folder, "token"),
    ...env,
  });
  const pace = { leastMilliseconds: 100, quietMilliseconds: 1_000 };
  return new Agent({
    config,
    store: recording.store,
    sandbox: workbench,
    log: pino({ level: "silent" }),
    pace,
    ...rest,
  });
}

describe("an agent's pod", { timeout: 60_000 }, () => {
  test("reports each stage, keeps what it made, and ends with 0 behind a terminal report", async () => {
    const recording = recordingStore();
    const agent = await agentOf(recording, taskOf(), readScript("corrections"));
    expect(await agent.run()).toBe(0);
    const last = recording.reports.at(-1)?.report;
    expect(last).toMatchObject({
      podUID: "pod-1",
      stage: "done",
      progress: 100,
      activity: "Task completed successfully",
      iterations: 2,
      verification: { testsTotal: 3, testsPassed: 3, testsFailed: 0 },
      outcome: { result: "Succeeded", reason: "Completed" },
    });
    expect(last?.usage.llmCalls).toBe(7);
    expect(recording.artifact()?.length).toBe(last?.artifact?.sizeBytes);
    const gaps = recording.reports.slice(1).map(({ at }, index) => at - (recording.reports[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(95);
    const progress = recording.reports.map(({ report }) => report.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(model?.asked[0]).toMatchObject({ task: "tenant-acme/slug", authorization: "Bearer projected" });
  });

  test("that is told to stop keeps what there is and says so; the next one goes on from there with all that was used", async () => {
    const recording = recordingStore();
    const script = scriptOf("hanging", [
      { phase: "analysis", text: '{"criteria": {}}' },
      { phase: "architecture", text: '{"files": [{"path": "src/index.ts", "purpose": "slug"}]}' },
      { phase: "code", fault: { hang: true } },
    ]);
    const first = await agentOf(recording, taskOf(), script);
    const running = first.run().catch((error: unknown) => error);
    while (!model?.asked.some(({ phase }) => phase === "code")) await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    expect(await first.terminate()).toBe(143);
    expect(performance.now() - began).toBeLessThan(8_000);
    await running;
    expect(recording.reports.at(-1)?.report).toMatchObject({ stage: "architecture", progress: 25 });
    expect(recording.reports.at(-1)?.report.outcome).toBeUndefined();
    const used = recording.reports.at(-1)?.report.usage.llmCalls ?? 0;
    await model?.close();

    const second = await agentOf(recording, taskOf(), readScript("corrections"));
    expect(await second.run()).toBe(0);
    expect(model?.asked[0]?.phase).toBe("code");
    const last = recording.reports.at(-1)?.report;
    expect(last?.outcome?.result).toBe("Succeeded");
    expect(last?.usage.llmCalls).toBe(used + 5);
    const artifact = recording.artifact();
    expect(
      artifact &&
        unpacked(artifact)
          .steps.map(({ step }) => step)
          .slice(0, 2),
    ).toEqual(["task_analysis", "architecture_design"]);
  });

  test("that is told to stop while a correction is asked for does not make it go in circles for the next one", async () => {
    const recording = recordingStore();
    const whole = readScript("corrections");
    const turns = whole.turns.map((turn) =>
      turn.phase === "correction" ? { ...turn, fault: { hang: true as const } } : turn,
    );
    const first = await agentOf(recording, taskOf(), { ...whole, turns });
    const running = first.run().catch((error: unknown) => error);
    await vi.waitUntil(() => model?.asked.some(({ phase }) => phase === "correction"), 30_000);
    expect(await first.terminate()).toBe(143);
    await running;
    await model?.close();

    const second = await agentOf(recording, taskOf(), readScript("corrections"));
    expect(await second.run()).toBe(0);
    expect(model?.asked[0]?.phase).toBe("correction");
    expect(recording.reports.at(-1)?.report).toMatchObject({ iterations: 2, outcome: { result: "Succeeded" } });
  });

  test("whose model is gone ends with 75, for the Job to try again, and without an outcome", async () => {
    const recording = recordingStore();
    const script = scriptOf("gone", [{ fault: { status: 503 } }]);
    const agent = await agentOf(recording, taskOf(), script, { unavailableMilliseconds: 1_000 });
    expect(await agent.run()).toBe(75);
    expect(recording.reports.at(-1)?.report.activity).toMatch(/model unavailable: the model gave no answer within 1 s/);
    expect(recording.reports.at(-1)?.report.outcome).toBeUndefined();
  });

  test("whose model has no room to the end ends with 76, so that this is what the task ends with", async () => {
    const recording = recordingStore();
    const script = scriptOf("busy", [{ fault: { status: 429 } }]);
    const agent = await agentOf(recording, taskOf(), script, { unavailableMilliseconds: 1_000 });
    expect(await agent.run()).toBe(76);
    expect(recording.reports.at(-1)?.report.activity).toMatch(/^rate limited: .* HTTP 429/);
  });

  test("does not wait for room that comes after the task's own end", async () => {
    const recording = recordingStore();
    const script = scriptOf("full", [{ fault: { status: 429, retryAfterSeconds: 3_600 } }]);
    const agent = await agentOf(recording, taskOf({ limits: { activeDeadlineSeconds: 600 } }), script);
    expect(await agent.run()).toBe(0);
    expect(recording.reports.at(-1)?.report.outcome).toMatchObject({ result: "Failed", reason: "RateLimited" });
    expect(model?.asked).toHaveLength(1);
  });

  test("whose model is none of the platform's says so at once, in a word of its own", async () => {
    const recording = recordingStore();
    const script = scriptOf("unpriced", [{ fault: { status: 403, code: "model_not_priced" } }]);
    const agent = await agentOf(recording, taskOf(), script);
    expect(await agent.run()).toBe(0);
    expect(recording.reports.at(-1)?.report.outcome).toMatchObject({ result: "Failed", reason: "ModelRefused" });
    expect(model?.asked).toHaveLength(1);
  });

  test("whose earlier work cannot be read begins anew", async () => {
    const recording = recordingStore();
    await recording.store.writeArtifact(Buffer.from("not an artifact"));
    const agent = await agentOf(recording, taskOf(), readScript("corrections"));
    expect(await agent.run()).toBe(0);
    expect(model?.asked[0]?.phase).toBe("analysis");
  });

  test("that is given no task asks nobody, and says that it is none: the next pod could do no better", async () => {
    const recording = recordingStore();
    const agent = await agentOf(recording, taskOf(), readScript("corrections"), {
      env: { TASK_FILE: join(folder, "token") },
    });
    expect(await agent.run()).toBe(0);
    expect(recording.reports.map(({ report }) => report.outcome?.reason)).toEqual(["InvalidTask"]);
    expect(model?.asked).toEqual([]);
  });
});
