import { recordOf } from "@leanvibe/runtime";
import { AGENT_STAGE_NAMES } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conditionOf } from "../harness/cluster.ts";
import { readScript } from "./model/script.ts";
import { type ShippedAgents, SLUG_CASES, shippedAgents } from "./shipped.ts";

let agents: ShippedAgents;

beforeAll(async () => {
  agents = await shippedAgents();
}, 240_000);

afterAll(() => agents?.close(), 120_000);

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

describe("an AgentTask, run by the agent that ships", () => {
  test("ends with code whose tests really ran, and that did what its cases ask for", async () => {
    const task = await agents.give(readScript("analytics"), ANALYTICS);
    const stages = new Set<unknown>();
    const watching = agents.home.until(
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
    const artifact = await agents.artifactOf(done);
    expect(artifact.files.map(({ path }) => path)).toContain("src/app.ts");
    expect([artifact.tests.length, artifact.documentation.length].every((count) => count > 0)).toBe(true);
    const answered = artifact.steps.filter(({ tokens }) => tokens > 0);
    expect(answered.length).toBeGreaterThanOrEqual(5);
    expect(answered.filter(({ prompt, output }) => prompt === "" || output === "")).toEqual([]);
    expect([...stages]).toEqual(AGENT_STAGE_NAMES.filter((stage) => stages.has(stage)));
  }, 180_000);

  test("corrects itself by what really came of running its code", async () => {
    const task = await agents.give(readScript("corrections"), { title: "Slugs", acceptance: SLUG_CASES });
    const { phase, task: done } = await agents.home.ends(task, 120);
    expect([phase, recordOf(done.status)["iterations"]]).toEqual(["Succeeded", 2]);
  }, 180_000);

  test("that cannot be done fails, with what is wrong and what there is", async () => {
    const task = await agents.give(readScript("hopeless"), { title: "Slugs", acceptance: SLUG_CASES });
    const { phase, task: done } = await agents.home.ends(task, 120);
    expect(phase).toBe("Failed");
    expect(recordOf(done.status)["issues"]).not.toEqual([]);
    expect((await agents.artifactOf(done)).files.length).toBeGreaterThan(0);
  }, 180_000);
});
