import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, recordOf } from "@leanvibe/runtime";
import { AGENT_TASKS, ANNOTATIONS, agentConfigMaps, agentJobName } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, apiOf, clear, conditionOf, connectAs, eventually, Operator, PODS } from "../harness/cluster.ts";
import { agentsHome, DONE, loadPlayedAgent, outcome, PLAYED_IMAGE, report, watchForTwo } from "./played.ts";

let api: Api;
let operator: Operator | undefined;
let home: Awaited<ReturnType<typeof agentsHome>>;

beforeAll(async () => {
  await loadPlayedAgent();
  api = apiOf(await connectAs());
  operator = await Operator.start(api.transport, { env: { AGENT_IMAGE: PLAYED_IMAGE } });
  home = await agentsHome(api);
}, 180_000);

afterAll(async () => {
  await clear(api);
  await operator?.stop();
});

const HALF = report({ stage: "code", progress: 50, activity: "Half of it" });
const lives = (pod: { status?: unknown; metadata: { deletionTimestamp?: string } }) =>
  !["Succeeded", "Failed"].includes(String(recordOf(pod.status)["phase"]));

describe("an AgentTask on a real kubelet", () => {
  it("shows its progress within 2 s of each word of its agent, and succeeds when its pod has said so too", async () => {
    const stages = ["analysis", "code"] as const;
    const lines = stages.flatMap((stage, at) => [
      `report ${report({ stage, progress: [15, 50][at], activity: `Doing ${stage}` })}`,
      "sleep 2.5",
    ]);
    const task = await home.run([...lines, `report ${DONE}`]);
    for (const stage of stages) {
      const seen = await home.until(task, `stage ${stage}`, (status) => status["stage"] === stage);
      const late = await home.written(task, seen);
      expect(late).toBeLessThan(2_000);
    }
    const { phase, task: done } = await home.ends(task);
    expect(phase).toBe("Succeeded");
    expect(done.status).toMatchObject({ attempt: 1, progress: 100, stage: "done", usage: { outputTokens: 5 } });
    expect(conditionOf(done, "Verified")).toMatchObject({ status: "False", reason: "SelfTested" });
    expect(conditionOf(done, "Isolated")?.status).toBe("True");
  });

  it("runs agent and sandbox as two users of its own, neither of them root, and no token is the sandbox's", async () => {
    const task = await home.run(["hang"]);
    await home.until(task, "works", (_, live) => conditionOf(live, "Progressing")?.status === "True");
    const [pod] = await home.pods(task);
    const spec = recordOf(pod?.["spec"]) as Record<
      string,
      { name: string; volumeMounts: { name: string }[]; securityContext: object }[]
    >;
    const [sandbox, agent] = [spec["initContainers"]?.[0], spec["containers"]?.[0]];
    const users = [sandbox, agent].map((each) => recordOf(each?.securityContext)["runAsUser"]);
    expect(new Set(users).size).toBe(2);
    for (const user of users) expect(user).toBeGreaterThanOrEqual(1_000_000_000);
    expect(sandbox?.volumeMounts.map(({ name }) => name).toSorted()).toEqual(["sandbox-tmp", "socket", "workspace"]);
    await home.change(task, { desiredState: "Cancel" });
    await home.ends(task);
  });

  it("whose pod is killed goes on in another one: attempt 2, and never two at once", async () => {
    const task = await home.run([
      "first",
      `report ${HALF}`,
      "hang",
      "again",
      `report ${report({ stage: "analysis", progress: 15 })}`,
      "sleep 2.5",
      `report ${DONE}`,
    ]);
    const watching = watchForTwo(home, task);
    await home.until(task, "is half done", ({ progress }) => progress === 50);
    const [pod] = await home.pods(task);
    await api.transport.send({
      method: "DELETE",
      path: `/api/v1/namespaces/${home.namespace}/pods/${pod?.metadata.name}`,
      body: { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 },
    });
    await home.until(task, "begins anew", ({ attempt, progress }) => attempt === 2 && progress === 15, 60);
    const { phase, task: done } = await home.ends(task);
    expect([phase, recordOf(done.status)["attempt"]]).toEqual(["Succeeded", 2]);
    expect(await watching.end()).toBe(1);
  }, 120_000);

  it("whose pod is evicted is not the poorer for it: evictions are nobody's failures", async () => {
    const task = await home.run(["first", `report ${HALF}`, "hang", "again", `report ${DONE}`]);
    await home.until(task, "is half done", ({ progress }) => progress === 50);
    const [pod] = await home.pods(task);
    const metadata = { name: pod?.metadata.name, namespace: home.namespace };
    const path = `/api/v1/namespaces/${home.namespace}/pods/${metadata.name}/eviction`;
    await api.transport.send({ method: "POST", path, body: { apiVersion: "policy/v1", kind: "Eviction", metadata } });
    const { phase, task: done } = await home.ends(task, 90);
    expect([phase, recordOf(done.status)["attempt"]]).toEqual(["Succeeded", 2]);
    const [job] = await home.jobs(task);
    expect(recordOf(job?.["status"])["failed"] ?? 0).toBe(0);
  }, 120_000);

  it("is cancelled within 10 s, with what its agent saved last", async () => {
    const saved = report({ stage: "tests", progress: 65, activity: "Saved at the end" });
    const task = await home.run([`report ${HALF}`, "hang", `save ${saved}`]);
    await home.until(task, "is half done", ({ progress }) => progress === 50);
    await sleep(2_000);
    const begun = performance.now();
    await home.change(task, { desiredState: "Cancel" });
    const { phase, reason, task: done } = await home.ends(task);
    expect([phase, reason]).toEqual(["Cancelled", "Cancelled"]);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(done.status).toMatchObject({ progress: 65, stage: "tests" });
    expect((await home.pods(task)).filter(lives)).toEqual([]);
    await expect(home.change(task, { desiredState: "Run" })).rejects.toThrow(/final/);
  });

  it("rests when it is suspended, and goes on in another attempt when it is to run again", async () => {
    const task = await home.run(["first", `report ${HALF}`, "hang", "again", `report ${DONE}`]);
    await home.until(task, "is half done", ({ progress }) => progress === 50);
    await home.change(task, { desiredState: "Suspend" });
    await home.until(task, "rests", ({ phase }) => phase === "Suspended");
    expect((await home.pods(task)).filter(lives)).toEqual([]);
    // What it worked until now is off its time; the Job controller would count it anew.
    const [job] = await home.jobs(task);
    const left = Number(job?.metadata.annotations?.[ANNOTATIONS.timeLeft]?.split("@", 1)[0]);
    expect(left).toBeGreaterThan(3_500);
    expect(left).toBeLessThan(3_600);
    await home.change(task, { desiredState: "Run" });
    await eventually("its deadline is what was left", async () => {
      const [again] = await home.jobs(task);
      return recordOf(again?.["spec"])["activeDeadlineSeconds"] === left;
    });
    const { phase, task: done } = await home.ends(task, 90);
    expect([phase, recordOf(done.status)["attempt"]]).toEqual(["Succeeded", 2]);
  }, 120_000);

  it("that is not done in its time ends TimedOut, and keeps what is done", async () => {
    const task = await home.run([`report ${HALF}`, "hang"], { limits: { activeDeadlineSeconds: 30 } });
    const { phase, reason, task: done } = await home.ends(task, 75);
    expect([phase, reason]).toEqual(["TimedOut", "DeadlineExceeded"]);
    expect(done.status).toMatchObject({ stage: "code", progress: 50 });
  }, 120_000);

  it("ends as its agent says: Failed with issues, BudgetExceeded", async () => {
    const issues = ["src/a.ts does not compile"];
    const failing = await home.run([`report ${report(outcome("Failed", "ValidationFailed", { issues }))}`]);
    const broke = await home.run([`report ${report(outcome("BudgetExceeded", "BudgetExceeded"))}`]);
    const failed = await home.ends(failing);
    expect([failed.phase, failed.reason]).toEqual(["Failed", "ValidationFailed"]);
    expect(failed.task.status?.["issues"]).toEqual(issues);
    const { phase, reason } = await home.ends(broke);
    expect([phase, reason]).toEqual(["BudgetExceeded", "BudgetExceeded"]);
  });

  it("whose agent ends without a last word failed, and says so", async () => {
    const silent = await home.run([`report ${HALF}`]);
    const { phase, reason } = await home.ends(silent);
    expect([phase, reason]).toEqual(["Failed", "NoReport"]);
  });

  it("is gone when its time after its end is over, and its Job and pods with it", async () => {
    const task = await home.run([`report ${DONE}`], { ttlSecondsAfterFinished: 2 });
    await home.ends(task);
    await eventually("the task is gone", async () => (await api.find(AGENT_TASKS, task, home.namespace)) === undefined);
    await eventually("its pods are gone", async () => (await home.pods(task)).length === 0);
    expect(await home.jobs(task)).toEqual([]);
  });

  it("that is deleted takes its Job and its pod along, also when it is to leave them", async () => {
    for (const propagationPolicy of ["Background", "Orphan"]) {
      const task = await home.run(["hang"]);
      await home.until(task, "works", (_, live) => conditionOf(live, "Progressing")?.status === "True");
      const path = `/apis/leanvibe.io/v1alpha1/namespaces/${home.namespace}/agenttasks/${task}`;
      const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy };
      await api.transport.send({ method: "DELETE", path, body });
      await eventually("its pods are gone", async () => (await home.pods(task)).length === 0);
      expect(await home.jobs(task)).toEqual([]);
    }
  });
});

describe("a Tenant that is suspended in the middle", () => {
  it("stops its tasks, which go on when it is resumed", async () => {
    const own = await agentsHome(api);
    const task = await own.run(["first", `report ${HALF}`, "hang", "again", `report ${DONE}`]);
    await own.until(task, "is half done", ({ progress }) => progress === 50);
    await own.tenantSpec({ suspend: true });
    const resting = await own.until(task, "rests", ({ phase }) => phase === "Suspended");
    expect(conditionOf(resting, "Accepted")).toMatchObject({ status: "False", reason: "TenantSuspended" });
    const waiting = await own.run(["exit 0"]);
    await own.until(waiting, "waits", (_, live) => conditionOf(live, "Accepted")?.reason === "TenantSuspended");
    await own.tenantSpec({ suspend: false });
    const { phase } = await own.ends(task, 90);
    expect(phase).toBe("Succeeded");
  }, 150_000);
});

describe("a forged report", () => {
  const LIES: readonly [string, string][] = [
    [
      "that another pod is said to have written",
      report({ podUID: "11111111-2222-4333-8444-555555555555", progress: 90, stage: "documentation" }),
    ],
    ["that is no JSON", "progress: 90"],
    ["of another shape", JSON.stringify({ version: 1, podUID: "POD_UID", progress: 900 })],
    ["that goes back", report({ progress: 1 })],
  ];

  it.each(LIES)("%s changes nothing that stands", async (_what, lie) => {
    const task = await home.run([`report ${HALF}`, "sleep 2", `report ${lie}`, "sleep 2", `report ${DONE}`]);
    await home.until(task, "is half done", ({ progress }) => progress === 50);
    await sleep(2_500);
    const live = await home.get(task);
    expect(live.status).toMatchObject({ progress: 50, stage: "code", phase: "Running" });
    const { phase } = await home.ends(task);
    expect(phase).toBe("Succeeded");
  });

  it("of half a megabyte, by whoever may write one, is not believed, and said to be so", async () => {
    const task = await home.run([`report ${HALF}`, "hang"]);
    const { metadata } = await home.until(task, "is half done", ({ progress }) => progress === 50);
    const name = agentConfigMaps(agentJobName(task, metadata.uid ?? "")).report;
    await api.patch(
      KINDS.ConfigMap,
      { name, namespace: home.namespace },
      { data: { "report.json": "x".repeat(500_000) } },
    );
    const doubted = await home.until(
      task,
      "doubts",
      (_, live) => conditionOf(live, "Progressing")?.reason === "ReportRefused",
    );
    expect(doubted.status).toMatchObject({ progress: 50, phase: "Running" });
    await home.change(task, { desiredState: "Cancel" });
    await home.ends(task);
  });

  it("of success does not make one without the pod's own end, nor one without the acceptance that was asked for", async () => {
    const crashing = await home.run([`report ${DONE}`, "hang"], { limits: { activeDeadlineSeconds: 30 } });
    const acceptance = [{ name: "adds", command: "node add.ts", expect: { stdout: "3" } }];
    const unproven = await home.run([`report ${DONE}`], { acceptance });
    const all = { testsTotal: 1, testsPassed: 1, testsFailed: 0, acceptance: { total: 1, passed: 1, failed: [] } };
    const proven = await home.run(
      [`report ${report({ stage: "done", progress: 100, verification: all, ...outcome("Succeeded", "Completed") })}`],
      { acceptance },
    );
    const refused = await home.ends(unproven);
    expect([refused.phase, refused.reason]).toEqual(["Failed", "AcceptanceFailed"]);
    expect(conditionOf(refused.task, "Verified")?.status).toBe("False");
    const { phase, task } = await home.ends(proven);
    expect(phase).toBe("Succeeded");
    expect(conditionOf(task, "Verified")).toMatchObject({ status: "True", reason: "AcceptancePassed" });
    expect((await home.ends(crashing, 75)).phase).toBe("TimedOut");
  }, 120_000);
});

describe("a pod of an agent", () => {
  it("is nobody's to make, and its name is nobody's to take", async () => {
    const metadata = { name: "agt-mine", namespace: home.namespace };
    await expect(
      apiOf(await connectAs({ user: "jane@example.com" })).create(PODS, {
        apiVersion: "v1",
        kind: "Pod",
        metadata,
        spec: {},
      }),
    ).rejects.toThrow(/forbidden/);
  });
});
