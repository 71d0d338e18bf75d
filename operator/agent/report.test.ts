import { AGENT_LIMITS, agentReport } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { PROFILES } from "./phases/work.ts";
import { reportText, reportWriter, type Saying } from "./report.ts";
import { newState, outcomeOf } from "./state.ts";

const TASK = {
  name: "t",
  title: "t",
  description: "d",
  language: "python" as const,
  requirements: {},
  acceptance: [],
  source: [],
  maxIterations: 3,
  limits: {},
};

function saying(activity: string, change: Partial<Saying> = {}): Saying {
  return { podUID: "uid", state: newState(TASK, PROFILES.project), activity, artifact: undefined, ...change };
}

describe("a report", () => {
  test("is what the schema says, with the stage's own progress", () => {
    const state = { ...newState(TASK, PROFILES.project), stage: "code" as const };
    expect(agentReport.parse(JSON.parse(reportText(saying("Creating tests", { state }))))).toMatchObject({
      stage: "code",
      progress: 50,
      activity: "Creating tests",
    });
  });

  test("[is within its bound whatever a model puts into it]", () => {
    const nasty = "\u0000\n💥\ud83d".repeat(3_000);
    const state = {
      ...newState(TASK, PROFILES.project),
      measured: {
        tests: { total: 1, passed: 0, failed: 1 },
        acceptance: { total: 50, passed: 0, failed: Array.from({ length: 50 }, () => "名".repeat(100)) },
      },
    };
    const outcome = outcomeOf(
      "Failed",
      "Stalled",
      nasty,
      Array.from({ length: 100 }, () => nasty),
    );
    const text = reportText(saying(nasty, { state, outcome }));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(AGENT_LIMITS.reportBytes);
    const report = agentReport.parse(JSON.parse(text));
    expect(report.outcome?.reason).toBe("Stalled");
    expect(report.activity).not.toMatch(/[\n\0]/);
  });
});

describe("the writer of reports", () => {
  const pace = { leastMilliseconds: 80, quietMilliseconds: 400 };

  function recording() {
    const began = performance.now();
    const written: { at: number; activity: string }[] = [];
    const write = async (text: string) => {
      written.push({ at: performance.now() - began, activity: agentReport.parse(JSON.parse(text)).activity });
    };
    return { written, writer: reportWriter(write, () => undefined, pace) };
  }
  const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  test("writes the first word at once, the next stage when it may, and of what came between the last", async () => {
    const { written, writer } = recording();
    for (let index = 0; index < 50; index += 1) writer.say(saying(`stage ${index}`), true);
    await sleep(200);
    expect(written.map(({ activity }) => activity)).toEqual(["stage 0", "stage 49"]);
    const [first, second] = written;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(75);
  });

  test("lets small things wait, and a stage brings them along", async () => {
    const { written, writer } = recording();
    writer.say(saying("begin"), true);
    writer.say(saying("small"), false);
    await sleep(150);
    expect(written).toHaveLength(1);
    writer.say(saying("stage"), true);
    await sleep(20);
    expect(written.map(({ activity }) => activity)).toEqual(["begin", "stage"]);
  });

  test("never loses the last word, and writes nothing behind it", async () => {
    const { written, writer } = recording();
    writer.say(saying("begin"), true);
    writer.say(saying("stage"), true);
    await writer.last(saying("end"));
    await sleep(150);
    expect(written.map(({ activity }) => activity)).toEqual(["begin", "end"]);
  });

  test("goes on when a write fails, but says so of the last", async () => {
    let failures = 0;
    const broken = reportWriter(
      async () => Promise.reject(new Error("no")),
      () => (failures += 1),
      pace,
    );
    broken.say(saying("begin"), true);
    await expect(broken.last(saying("end"))).rejects.toThrow("no");
    expect(failures).toBe(1);
  });
});
