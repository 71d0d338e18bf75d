import { gunzipSync } from "node:zlib";
import { agentArtifact } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { artifactOf, packed } from "../../operator/agent/artifact.ts";
import { scriptOf } from "./model/script.ts";
import { ran, taskOf } from "./running.ts";
import { agentTools } from "./tools.ts";

const ANALYTICS = taskOf({
  title: "Create user analytics dashboard API",
  description:
    "Build REST API endpoints for user activity analytics with real-time metrics, historical data, and exportable reports",
  requirements: {
    features: ["real_time_metrics", "historical_data", "export_reports"],
    performance: "sub_500ms_response",
    security: "authenticated_users_only",
  },
  acceptance: [
    { name: "is healthy", http: { method: "GET", path: "/health" }, expect: { json: '{ "status": "ok" }' } },
    {
      name: "lets nobody in",
      http: { method: "GET", path: "/metrics/realtime" },
      expect: { status: 401, json: '{"error":"authentication required"}' },
    },
  ],
});

const SLUG_CASES = [
  {
    name: "joins words",
    command: `node -e 'import("./src/index.ts").then(({ slug }) => console.log(slug("A  b?")))'`,
    expect: { stdout: "a-b" },
  },
];

/** Whole tasks, with whatever the scripted model writes really compiled, tested and run. */
describe("a task", { timeout: 120_000 }, () => {
  test("of a service goes through all stages once: code, green tests over the bar, documents, deployment", async () => {
    const { outcome, state, steps, asked, kept } = await ran("analytics", ANALYTICS);
    expect(outcome).toMatchObject({ result: "Succeeded", reason: "Completed", issues: [] });
    expect(state.measured).toMatchObject({
      checked: true,
      tests: { total: 10, passed: 10, failed: 0 },
      acceptance: { total: 2, passed: 2, failed: [] },
      documented: { total: 12, named: 12 },
      examples: { total: 3, passed: 3 },
    });
    expect(state.measured.coverage).toBeGreaterThanOrEqual(90);
    expect(kept.map(({ stage }) => stage)).toEqual([
      "analysis",
      "architecture",
      "code",
      "tests",
      "validated",
      "documentation",
      "done",
    ]);
    expect(Object.keys(state.work.analysis?.criteria ?? {})).toEqual(["features", "performance", "security"]);
    expect(asked).toHaveLength(5);
    const artifact = artifactOf(state, steps.all());
    expect(artifact.files.map(({ path }) => path).sort()).toEqual([
      "Dockerfile",
      "deploy/kubernetes.yaml",
      "deploy/package.json",
      "package.json",
      "src/activity.ts",
      "src/app.ts",
      "src/report.ts",
      "start.ts",
      "tsconfig.json",
    ]);
    expect(agentArtifact.parse(JSON.parse(gunzipSync(packed(artifact).bytes).toString()))).toEqual(artifact);
    expect(steps.all()[0]?.output).toContain("[scripted/analytics]");
  });

  test("[is never told what its acceptance cases are]", async () => {
    const { asked } = await ran("analytics", ANALYTICS);
    const said = asked.flatMap(({ body }) => body.messages.map(({ content }) => content)).join("\n");
    for (const secret of ["is healthy", "lets nobody in"]) expect(said).not.toContain(secret);
  });

  test("whose code does not compile, then fails its tests, is corrected twice with what really came of running it", async () => {
    const { outcome, state, asked } = await ran("corrections", taskOf({ acceptance: SLUG_CASES }));
    expect(outcome).toMatchObject({ result: "Succeeded", reason: "Completed" });
    expect(state.iterations).toBe(2);
    const corrections = asked
      .filter(({ phase }) => phase === "correction")
      .map(({ body }) => body.messages[1]?.content);
    expect(corrections[0]).toMatch(/TS2322: Type 'number' is not assignable to type 'string'/);
    expect(corrections[1]).toMatch(/1 of 3 tests fail|2 of 3 tests fail/);
    expect(corrections[1]).toContain("hello--world");
    expect(corrections.join()).not.toContain("joins words");
  });

  test.skipIf(!agentTools().python)(
    "in Python whose tests reach too little gets more of them, and is asked for real",
    async () => {
      const task = taskOf({
        title: "Stock by HTTP",
        description: "A REST API for amounts in stock",
        language: "python",
        requirements: { routes: ["GET /stock/{item}", "PUT /stock/{item}"] },
        acceptance: [
          {
            name: "sets",
            http: { method: "PUT", path: "/stock/tea", body: '{"amount": 7}' },
            expect: { json: '{"amount": 7}' },
          },
          {
            name: "knows nothing of what went before",
            http: { method: "GET", path: "/stock/tea" },
            expect: { json: '{"amount": 0}' },
          },
        ],
      });
      const { outcome, state, asked } = await ran("python", task);
      expect(outcome).toMatchObject({ result: "Succeeded" });
      expect(state.iterations).toBe(1);
      expect(asked.find(({ phase }) => phase === "correction")?.body.messages[1]?.content).toMatch(
        /reach [\d.]+ % of the lines; 90 % are needed[\s\S]*app\.py: /,
      );
      expect(state.measured).toMatchObject({
        lintFindings: 0,
        coverage: 100,
        tests: { total: 4, passed: 4 },
        acceptance: { total: 2, passed: 2 },
        examples: { total: 2, passed: 2 },
      });
    },
  );

  test("that nobody can do ends as Failed with issues after as many corrections as it may have", async () => {
    const { outcome, state } = await ran("hopeless", taskOf({ acceptance: SLUG_CASES }));
    expect(outcome).toMatchObject({ result: "Failed", reason: "IterationsExhausted" });
    expect(state.iterations).toBe(3);
    expect(outcome.issues.join("\n")).toMatch(/2 of 3 tests fail/);
    expect(outcome.issues).toContain("acceptance case fails: joins words");
    expect(state.stage).toBe("tests");
    expect(state.work.code).not.toEqual([]);
  });

  test("that goes in circles stops early", async () => {
    const { outcome, state } = await ran("stuck", taskOf({ maxIterations: 10 }));
    expect(outcome).toMatchObject({ result: "Failed", reason: "Stalled" });
    expect(state.iterations).toBe(1);
  });

  test("[whose code ends the process, prints a report of passing tests and rewrites settings does not succeed]", async () => {
    const { outcome, state } = await ran("injection", taskOf({ acceptance: SLUG_CASES }));
    expect(outcome.result).toBe("Failed");
    expect(state.measured.acceptance).toEqual({ total: 1, passed: 0, failed: ["joins words"] });
    expect(state.measured.tests).toEqual({ total: 0, passed: 0, failed: 0 });
    expect(state.work.code.map(({ path }) => path)).toEqual(["src/index.ts"]);
  });

  test("[also without acceptance cases: none passed of none is no success]", async () => {
    const { outcome } = await ran("injection", taskOf());
    expect(outcome.result).toBe("Failed");
    expect(outcome.issues.join()).toMatch(/No TypeScript test ran/);
  });

  test("without acceptance cases whose own tests are green succeeds, and says that nothing else was judged", async () => {
    const { outcome, state } = await ran("corrections", taskOf());
    expect(outcome).toMatchObject({ result: "Succeeded", message: "3 of 3 tests pass, and no acceptance cases" });
    expect(state.measured.acceptance).toBeUndefined();
  });

  test("that works, of which the linter finds much and the README says nothing, is put in order before it is done", async () => {
    const code = (rest: string) =>
      `FILE: src/index.ts\n\`\`\`ts\n${rest}export const slug = (text: string) => text.toLowerCase();\n\`\`\``;
    const unused = ["a", "b", "c", "d", "e"].map((name) => `const ${name} = 1;\n`).join("");
    const script = scriptOf("untidy", [
      { phase: "analysis", text: '{"criteria": {}}' },
      { phase: "architecture", text: '{"files": [{"path": "src/index.ts", "purpose": "names of pages"}]}' },
      { phase: "code", text: code(unused) },
      {
        phase: "tests",
        text: `FILE: tests/page.test.ts\n\`\`\`ts
import assert from "node:assert/strict";
import test from "node:test";
import { slug } from "../src/index.ts";
test("unit: a name", () => assert.equal(slug("A"), "a"));
\`\`\``,
      },
      { phase: "documentation", text: "# Names of pages\n\n```ts\nthrow new Error();\n```\n" },
      { phase: "correction", text: code("") },
    ]);
    const { outcome, state, asked } = await ran(script, taskOf());
    expect(outcome).toMatchObject({ result: "Succeeded" });
    expect([state.iterations, state.measured.lintFindings]).toEqual([1, 0]);
    const correction = asked.find(({ phase }) => phase === "correction")?.body.messages[1]?.content;
    expect(correction).toContain("'a' is declared but its value is never read");
    expect(correction).toContain("The README leaves out 1 of 1 exported names");
  });

  test("goes on from an earlier pod's artifact and asks for nothing that is there", async () => {
    const first = await ran("analytics", ANALYTICS);
    const afterTests = first.kept.find(({ stage }) => stage === "tests");
    const again = await ran("analytics", ANALYTICS, undefined, (fresh) => ({
      ...(afterTests ?? fresh),
      usage: fresh.usage,
    }));
    expect(again.outcome.result).toBe("Succeeded");
    expect(again.asked.map(({ phase }) => phase)).toEqual(["documentation"]);
  });

  test("stops in the middle when its tokens are used up", async () => {
    const { outcome, state } = await ran("analytics", { ...ANALYTICS, limits: { maxTokens: 1_000 } });
    expect(outcome).toMatchObject({ result: "BudgetExceeded", reason: "BudgetExceeded" });
    expect(state.stage).toBe("code");
    expect(state.work.code).toHaveLength(3);
  });

  test("stops when the gateway says that the budget is spent", async () => {
    const refused = scriptOf("spent", [{ fault: { status: 402, code: "budget_exceeded" } }]);
    const { outcome } = await ran(refused, taskOf());
    expect(outcome).toMatchObject({ result: "BudgetExceeded" });
  });

  test("whose model talks nonsense falls back, says so in its log, and fails for want of code", async () => {
    const { outcome, state, steps } = await ran(
      scriptOf("nonsense", [{ text: "I cannot help with that." }]),
      taskOf({
        requirements: { speed: "fast" },
      }),
    );
    expect(outcome).toMatchObject({ result: "Failed", reason: "ValidationFailed" });
    expect(state.work.analysis).toMatchObject({
      business_requirements: { raw_analysis: "I cannot help with that." },
      criteria: { speed: 'is met as written: "fast"' },
    });
    expect(steps.all().map(({ output }) => output)).toContain(
      "no usable analysis came; the fallback structure is used",
    );
  });

  test("whose code imports what is not installed hears of it before anything is run", async () => {
    const lodash =
      '```ts\nimport { kebabCase } from "lodash";\nexport const slug = (text: string) => kebabCase(text);\n```';
    const script = scriptOf("lodash", [
      { phase: "analysis", text: '{"criteria": {}}' },
      { phase: "architecture", text: '{"files": [{"path": "src/index.ts", "purpose": "slug"}]}' },
      { text: `FILE: src/index.ts\n${lodash}\nFILE: tests/slug.test.ts\n\`\`\`ts\nimport "node:test";\n\`\`\`` },
    ]);
    const { outcome, state } = await ran(script, taskOf({ maxIterations: 1 }));
    expect(outcome).toMatchObject({ result: "Failed" });
    expect(outcome.issues[0]).toMatch(/not installed: lodash/);
    expect(state.measured).toEqual({});
  });

  test("whose code takes more memory than the sandbox has hears why its tests had no end, and ends by a word of its own", async () => {
    const hungry = (step: number) =>
      `FILE: src/index.ts\n\`\`\`ts
const all: Buffer[] = [];
export function slug(text: string): string {
  for (;;) all.push(Buffer.alloc(${step} << 20, text));
}
\`\`\``;
    const script = scriptOf("hungry", [
      { phase: "analysis", text: '{"criteria": {}}' },
      { phase: "architecture", text: '{"files": [{"path": "src/index.ts", "purpose": "slug"}]}' },
      { phase: "code", text: hungry(8) },
      {
        phase: "tests",
        text: `FILE: tests/slug.test.ts\n\`\`\`ts
import assert from "node:assert/strict";
import test from "node:test";
import { slug } from "../src/index.ts";
test("unit: a slug", () => assert.equal(slug("a"), "a"));
\`\`\``,
      },
      ...[9, 10, 11].map((step) => ({ phase: "correction" as const, text: hungry(step) })),
    ]);
    const { outcome, asked } = await ran(script, taskOf({ maxIterations: 3 }));
    // It went in circles, too: what is to be done is said by the other word.
    expect(outcome).toMatchObject({ result: "Failed", reason: "SandboxOOMKilled" });
    expect(outcome.message).toBe("the same error came 3 times, after 2 of 3 corrections");
    expect(asked.at(-1)?.body.messages[1]?.content).toContain(
      "more memory than the sandbox has (spec.resources.memory)",
    );
  });
});
