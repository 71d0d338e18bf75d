import { randomBytes } from "node:crypto";
import { AGENT_LIMITS } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { artifactOf, packed, unpacked } from "./artifact.ts";
import { resumed } from "./checkpoint.ts";
import { PROFILES } from "./phases/work.ts";
import { newState } from "./state.ts";
import { Steps } from "./steps.ts";

const TASK = {
  name: "t",
  title: "a service with routes",
  description: "d",
  language: "typescript" as const,
  requirements: {},
  acceptance: [],
  source: [],
  maxIterations: 3,
  limits: {},
};

const fresh = newState(TASK, PROFILES.project);
const CODE = [{ path: "src/app.ts", content: "export function build() { if (1) return 2; }\n" }];

describe("an artifact", () => {
  test("says what a next pod needs, and that goes on from there", () => {
    const state = {
      ...fresh,
      stage: "tests" as const,
      iterations: 2,
      tried: { states: ["a"], errors: { b: 2 } },
      usage: { inputTokens: 5, outputTokens: 6, llmCalls: 7, estimated: true },
      work: { ...fresh.work, code: CODE, tests: [{ path: "tests/a.test.ts", content: "x\n" }] },
    };
    const { bytes } = packed(artifactOf(state, []));
    expect(resumed(fresh, unpacked(bytes))).toEqual({ ...state, measured: {} });
  });

  test("of work that was done, of which only the last word was lost, is validated again and not made anew", () => {
    const state = { ...fresh, stage: "done" as const, work: { ...fresh.work, code: CODE } };
    expect(resumed(fresh, artifactOf(state, []))).toMatchObject({ stage: "tests", work: { code: CODE } });
  });

  test("counts lines and branches", () => {
    const artifact = artifactOf({ ...fresh, work: { ...fresh.work, code: CODE } }, []);
    expect(artifact).toMatchObject({ linesOfCode: 1, complexity: 2 });
  });

  test("hands out what the code needs to be run beside it, which is not taken for code by a next pod", () => {
    const state = { ...fresh, stage: "code" as const, work: { ...fresh.work, code: CODE } };
    const artifact = artifactOf(state, []);
    expect(artifact.files.map(({ path }) => path)).toEqual(["package.json", "tsconfig.json", "start.ts", "src/app.ts"]);
    expect(resumed(fresh, artifact)?.work.code).toEqual(CODE);
  });

  test("[fits, whatever is in it: the log is cut first, then the largest file, and what was cut is marked]", () => {
    const steps = new Steps("agent");
    for (let index = 0; index < 1_200; index += 1) {
      steps.note("step", "completed", randomBytes(3_000).toString("base64"));
    }
    const large = { path: "src/large.ts", content: randomBytes(45_000).toString("base64").slice(0, 60_000) };
    const many = Array.from({ length: 30 }, (_, index) => ({ ...large, path: `src/large${index}.ts` }));
    const state = { ...fresh, stage: "code" as const, work: { ...fresh.work, code: [...CODE, ...many] } };
    const { bytes, sizeBytes } = packed(artifactOf(state, steps.all()));
    expect(sizeBytes).toBeLessThanOrEqual(AGENT_LIMITS.artifactBytes);
    const left = unpacked(bytes);
    expect(left.truncated).toContain("steps");
    expect(left.steps[0]?.output).toMatch(/^\[\.\.\. \d+ characters cut \.\.\.\]$/);
    expect(left.files.find(({ path }) => path === left.truncated.at(-1))?.content).toMatch(/characters cut/);
    // Files that were cut are no files: a next pod begins anew.
    expect(resumed(fresh, left)).toBeUndefined();
  });

  test("[that unpacks to more than it may, or is none, is refused]", () => {
    expect(() => unpacked(Buffer.from("no"))).toThrow();
  });
});
