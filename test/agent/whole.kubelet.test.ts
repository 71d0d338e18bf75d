import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { recordOf } from "@leanvibe/runtime";
import { AGENT_STAGE_NAMES, AGENT_STAGES } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../cli/src/manifests.ts";
import { conditionOf, kubeconfigPath } from "../harness/cluster.ts";
import { readScript } from "./model/script.ts";
import type { Task } from "./played.ts";
import { FAULTY_SLUGS, type ShippedAgents, SLUG_CASES, shippedAgents } from "./shipped.ts";
import { type WatchedStages, watchStages } from "./stages.ts";

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

/** As a person without the API runs it. */
async function tutorialScript(task: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = join(ROOT, "tutorials", "watch-ai-progress.sh");
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, KUBECONFIG: kubeconfigPath(), LEANVIBE_API: "", LEANVIBE_TOKEN: "" };
  const args = ["--task-id", `${agents.home.namespace}/${task}`];
  return await promisify(execFile)(program, args, { env }).then(
    (said) => ({ code: 0, ...said }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

describe("an AgentTask, run by the agent that ships, from its beginning to its end", () => {
  let done: Task;
  let watched: WatchedStages;
  let script: Awaited<ReturnType<typeof tutorialScript>>;

  beforeAll(async () => {
    // Each stage lasts longer than the two seconds between two reports.
    const task = await agents.give({ ...readScript("analytics"), delayMilliseconds: 2_500 }, ANALYTICS);
    const telling = tutorialScript(task);
    watched = await watchStages(agents, task);
    script = await telling;
    done = await agents.home.get(task);
  }, 180_000);

  test("shows all seven stages in a watch, each with its percentage, and none goes back", () => {
    expect([...watched.shown].map(([stage, { progress }]) => [stage, progress])).toEqual(
      AGENT_STAGE_NAMES.map((stage) => [stage, AGENT_STAGES[stage].progress]),
    );
    expect(watched.percentages).toEqual(watched.percentages.toSorted((a, b) => a - b));
  });

  test.each(AGENT_STAGE_NAMES)("shows %s within two seconds of its agent's word", (stage) => {
    const [shown, written] = [watched.shown.get(stage), watched.written.get(stage)];
    expect((shown?.at ?? Number.NaN) - (written?.at ?? Number.NaN)).toBeLessThan(2_000);
  });

  test("is told of by the tutorial's script, a line a stage", () => {
    expect([script.code, script.stderr]).toEqual([0, ""]);
    const lines = script.stdout.trim().split("\n").slice(-7);
    expect(lines.map((line) => line.replace(/^\S+ /u, ""))).toEqual(
      AGENT_STAGE_NAMES.map((stage) => `[${AGENT_STAGES[stage].progress}%] ${AGENT_STAGES[stage].text}`),
    );
  });

  test("ends with code whose tests really ran, reach their bar, and that did what its cases ask for", async () => {
    expect(done.status).toMatchObject({
      phase: "Succeeded",
      stage: "done",
      progress: 100,
      attempt: 1,
      verification: { tests: "10/10", acceptance: { total: 2, passed: 2, failed: 0 } },
    });
    expect(recordOf(recordOf(done.status)["verification"])["coverage"]).toBeGreaterThanOrEqual(90);
    expect(conditionOf(done, "Verified")).toMatchObject({ status: "True" });
    const artifact = await agents.artifactOf(done);
    expect(artifact.files.map(({ path }) => path)).toContain("src/app.ts");
    expect([artifact.tests.length, artifact.documentation.length].every((count) => count > 0)).toBe(true);
  });

  test("is waited for by kubectl, which shows why it ended where it is asked for all columns", async () => {
    const kubectl = process.env["LEANVIBE_TEST_KUBECTL"] ?? "kubectl";
    const at = ["--kubeconfig", kubeconfigPath(), "--namespace", agents.home.namespace];
    const name = `agenttask/${done.metadata.name}`;
    for (const what of ["condition=Succeeded", "jsonpath={.status.completionTime}"]) {
      await promisify(execFile)(kubectl, [...at, "wait", `--for=${what}`, name, "--timeout=10s"]);
    }
    const { stdout } = await promisify(execFile)(kubectl, [...at, "get", name, "-o", "wide"]);
    const [head = "", line = ""] = stdout.split("\n").map((each) => each.trim().split(/\s+/).slice(-3).join(" "));
    expect([head, line]).toEqual(["WORK RESULT VERIFIED", "Ended Completed AcceptancePassed"]);
  });

  test("leaves a log of its steps: what was asked, what was answered, how long each took", async () => {
    const { steps } = await agents.artifactOf(done);
    const answered = steps.filter(({ tokens }) => tokens > 0);
    expect(answered.length).toBeGreaterThanOrEqual(5);
    expect(answered.filter(({ prompt, output }) => prompt === "" || output === "")).toEqual([]);
    expect(answered.filter(({ ms }) => ms < 2_500)).toEqual([]);
    // What only reckons with what was run may be through within the same millisecond.
    const timeless = steps.filter(({ ms }) => ms === 0).map(({ step }) => step);
    expect(timeless.filter((step) => !["deployment_preparation", "quality_check"].includes(step))).toEqual([]);
  });
});

describe("another AgentTask", () => {
  test("whose files are there already mends what is at fault and leaves the rest as it was", async () => {
    const spec = { title: "Slugs have dashes", source: FAULTY_SLUGS, acceptance: SLUG_CASES };
    const task = await agents.give(readScript("mended"), spec);
    const { phase, task: done } = await agents.home.ends(task, 120);
    expect(phase).toBe("Succeeded");
    // The test that came with it ran beside the agent's own.
    expect(done.status).toMatchObject({ iterations: 0, verification: { tests: "3/3", acceptance: { passed: 1 } } });
    const { files, tests } = await agents.artifactOf(done);
    const [words, index, wordsTest] = FAULTY_SLUGS;
    expect(files).toContainEqual(words);
    expect(tests).toContainEqual(wordsTest);
    expect(files.find(({ path }) => path === index.path)?.content).toContain('join("-")');
    const asked = agents.model.asked.find((each) => each.task.endsWith(`/${task}`) && each.phase === "code");
    expect(asked?.body.messages[1]?.content).toContain(index.content.trim());
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
