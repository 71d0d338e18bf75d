import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, apiOf, clear, connectAs, eventually, Operator, TENANTS } from "../harness/cluster.ts";
import { agentsHome, DONE, loadPlayedAgent, PLAYED_IMAGE } from "./played.ts";

let api: Api;
let operator: Operator | undefined;

beforeAll(async () => {
  await loadPlayedAgent();
  api = apiOf(await connectAs());
  operator = await Operator.start(api.transport, { env: { AGENT_IMAGE: PLAYED_IMAGE } });
}, 180_000);

afterAll(async () => {
  await clear(api);
  await operator?.stop();
});

type Home = Awaited<ReturnType<typeof agentsHome>>;
const startOf = async (home: Home, task: string) => String((await home.get(task)).status?.["startTime"] ?? "never");
const running = async (home: Home, tasks: readonly string[]) =>
  (await Promise.all(tasks.map((task) => home.get(task)))).filter(({ status }) => status?.["phase"] === "Running")
    .length;

describe("a Tenant's queue", () => {
  it("runs one task at a time on the smallest plan, the urgent one first, and says who waits where", async () => {
    const home = await agentsHome(api, {});
    const first = await home.run(["sleep 6", `report ${DONE}`]);
    await home.until(first, "runs", ({ phase }) => phase === "Running");
    const [low, medium] = [await home.run([`report ${DONE}`], { priority: "low" }), await home.run([`report ${DONE}`])];
    const urgent = await home.run([`report ${DONE}`], { priority: "urgent" });
    for (const [task, position] of [
      [urgent, 1],
      [medium, 2],
    ] as const)
      await home.until(task, `waits as number ${position}`, ({ phase, queuePosition }) => {
        return phase === "Queued" && Number(queuePosition) <= position;
      });
    const tasks = [first, low, medium, urgent];
    let most = 0;
    await eventually(
      "all are done",
      async () => {
        most = Math.max(most, await running(home, tasks));
        const all = await Promise.all(tasks.map((task) => home.get(task)));
        return all.every(({ status }) => status?.["phase"] === "Succeeded");
      },
      90,
    );
    expect(most).toBe(1);
    const starts = await Promise.all([first, urgent, medium, low].map((task) => startOf(home, task)));
    expect(starts).toEqual(starts.toSorted());
    expect(new Set(starts).size).toBe(4);
  }, 150_000);

  it("lets what runs go on when the plan is lowered, and begins the next only when there is room in the new one", async () => {
    const home = await agentsHome(api);
    const [one, two] = [await home.run(["sleep 8", `report ${DONE}`]), await home.run(["sleep 16", `report ${DONE}`])];
    for (const task of [one, two]) await home.until(task, "runs", ({ phase }) => phase === "Running");
    await home.tenantSpec({ plan: "starter" });
    await eventually("the plan is lowered", async () => {
      const { status } = (await api.get(TENANTS, home.tenant)) as { status?: { plan?: string } };
      return status?.plan === "starter";
    });
    const next = await home.run([`report ${DONE}`]);
    await home.until(next, "waits", ({ phase }) => phase === "Queued");
    expect((await home.ends(one)).phase).toBe("Succeeded");
    await sleep(1_000);
    expect((await home.get(next)).status?.["phase"]).toBe("Queued");
    expect((await home.ends(two)).phase).toBe("Succeeded");
    expect((await home.ends(next)).phase).toBe("Succeeded");
  }, 150_000);

  it("is taken up by the next operator where one was killed: no second Job, no task forgotten, none too many", async () => {
    const home = await agentsHome(api);
    const tasks: string[] = [];
    for (let at = 0; at < 8; at += 1) tasks.push(await home.run(["sleep 3", `report ${DONE}`]));
    operator?.kill();
    await operator?.ended;
    await operator?.restart();
    let most = 0;
    await eventually(
      "all are done",
      async () => {
        const lives = await Promise.all(tasks.map((task) => home.jobs(task)));
        expect(Math.max(...lives.map(({ length }) => length))).toBeLessThanOrEqual(1);
        most = Math.max(most, await running(home, tasks));
        const all = await Promise.all(tasks.map((task) => home.get(task)));
        return all.every(({ status }) => status?.["phase"] === "Succeeded");
      },
      120,
    );
    expect(most).toBeLessThanOrEqual(5);
    for (const task of tasks) expect((await home.get(task)).status?.["attempt"]).toBe(1);
  }, 180_000);
});
