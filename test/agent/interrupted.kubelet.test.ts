import { setTimeout as sleep } from "node:timers/promises";
import { recordOf } from "@leanvibe/runtime";
import { AGENT_STAGE_NAMES } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, PODS } from "../harness/cluster.ts";
import { readScript, type Script, type Turn } from "./model/script.ts";
import { watchForTwo } from "./played.ts";
import { type ShippedAgents, SLUG_CASES, shippedAgents } from "./shipped.ts";

let agents: ShippedAgents;

beforeAll(async () => {
  agents = await shippedAgents({ delayMilliseconds: 1_500 });
}, 240_000);

afterAll(() => agents?.close(), 120_000);

/** Without corrections: a script that is asked once more for what a killed pod had asked would be another script. */
function straight(name: string): Script {
  const { turns, ...rest } = readScript("corrections");
  const files = { analysis: "analysis.md", architecture: "architecture.md", code: "code-3.md", tests: "tests.md" };
  const begun = Object.entries({ ...files, documentation: "readme.md" });
  return {
    ...rest,
    name,
    turns: begun.flatMap(([phase, file]) =>
      turns
        .filter((turn) => turn.phase === phase)
        .slice(0, 1)
        .map((turn) => ({ ...turn, file })),
    ),
  };
}
const SMALL = { acceptance: SLUG_CASES, resources: { cpu: "150m", memory: "384Mi" } };

async function livingPod(task: string): Promise<string> {
  return await eventually(`${task} has a pod`, async () => {
    const pods = await agents.home.pods(task);
    return pods.find((pod) => recordOf(pod["status"])["phase"] === "Running")?.metadata.name;
  });
}

const ALL = process.env["LEANVIBE_KILLS"] === "all";
/** Stages of the agent's in which it can be caught: none yet, and each but the last. All of them take minutes. */
const CAUGHT = ALL
  ? [undefined, ...AGENT_STAGE_NAMES.filter((stage) => stage !== "done")]
  : [undefined, "tests" as const];
/** Milliseconds for which the model is away. */
const AWAY = ALL ? 75_000 : 15_000;

describe("an agent whose pod goes in the middle", () => {
  test.each(CAUGHT.map((stage) => ({ stage, after: stage ?? "nothing" })))(
    "is another pod's to go on with, behind $after",
    { timeout: 240_000 },
    async ({ stage }) => {
      const task = await agents.give(straight(`caught-${stage ?? "early"}`), SMALL);
      const watching = watchForTwo(agents.home, task);
      await agents.home.until(
        task,
        `is behind ${stage}`,
        (status) => status["stage"] === stage && status["podUID"] !== undefined,
        120,
      );
      await agents.api.remove(PODS, { name: await livingPod(task), namespace: agents.home.namespace });
      const { phase, reason, task: done } = await agents.home.ends(task, 200);
      expect([phase, reason, recordOf(done.status)["attempt"]]).toEqual(["Succeeded", "Completed", 2]);
      expect(await watching.end()).toBe(1);
    },
  );

  test("is another pod's to go on with, also while a correction is asked for", { timeout: 240_000 }, async () => {
    const script = readScript("corrections");
    const first = script.turns.findIndex(({ phase }) => phase === "correction");
    // Its first correction is waited for as long as its pod lives, so that the next pod is who hears of one.
    const hangs: Turn = { phase: "correction", fault: { hang: true }, withoutUsage: false, whole: false };
    const turns = script.turns.toSpliced(first, 0, hangs);
    const task = await agents.give({ ...script, turns, name: "caught-correcting" }, SMALL);
    await agents.home.until(task, "asks for a correction", ({ activity }) => /^Correcting/.test(String(activity)), 120);
    await agents.api.remove(PODS, { name: await livingPod(task), namespace: agents.home.namespace });
    const { phase, reason, task: done } = await agents.home.ends(task, 200);
    expect([phase, reason, recordOf(done.status)["attempt"]]).toEqual(["Succeeded", "Completed", 2]);
  });

  test("by an eviction: it is nobody's failure", { timeout: 240_000 }, async () => {
    const task = await agents.give(straight("evicted"), SMALL);
    await agents.home.until(task, "is at its code", (status) => status["stage"] === "architecture", 120);
    const name = await livingPod(task);
    await agents.api.transport.send({
      method: "POST",
      path: `/api/v1/namespaces/${agents.home.namespace}/pods/${name}/eviction`,
      body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: agents.home.namespace } },
    });
    expect(await agents.home.ends(task, 200)).toMatchObject({ phase: "Succeeded" });
  });
});

test(`a model that is away for ${AWAY / 1_000} s is waited for, by the same pod`, { timeout: 300_000 }, async () => {
  const began = Date.now();
  const away = { status: 503, retryAfterSeconds: 1 };
  const whole = straight("away");
  // As long as it is away each question is refused; then the script goes on.
  const script: Script = {
    ...whole,
    get turns() {
      return Date.now() - began < AWAY ? [{ fault: away, withoutUsage: false, whole: false }] : whole.turns;
    },
  };
  const task = await agents.give(script, SMALL);
  await sleep(AWAY * 0.8);
  expect(await agents.home.get(task)).toMatchObject({ status: { phase: "Running", attempt: 1 } });
  const { phase, task: done } = await agents.home.ends(task, 200);
  expect([phase, recordOf(done.status)["attempt"]]).toEqual(["Succeeded", 1]);
});
