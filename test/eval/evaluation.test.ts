import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, scriptOf } from "../agent/model/script.ts";
import { type ScriptedModel, startScriptedModel } from "../agent/model/server.ts";
import { agentTools } from "../agent/tools.ts";
import { scratchFolder } from "../harness/scratch.ts";
import { type Evaluation, evaluate } from "./evaluation.ts";
import { evaluationOf } from "./options.ts";
import { figuresOf } from "./summary.ts";

const PROBLEM = {
  prompt: 'def double(n: int) -> int:\n    """ Twice a number.\n    >>> double(2)\n    4\n    """\n',
  entry_point: "double",
  test: "def check(candidate):\n    assert candidate(5) == 10\n",
};
const block = (expression: string) => `\`\`\`python\ndef double(n: int) -> int:\n    return ${expression}\n\`\`\``;

/** Of each problem: asked once it is wrong, and to the agent too at first; the agent asks anew. */
const CODE = ["n + 2", "n + 2", "n * 2"].map((expression) => ({ phase: "code" as const, text: block(expression) }));
const script = (name: string): Script =>
  scriptOf(name, [
    { text: "Yes." },
    { phase: "analysis", text: '{"criteria": {}}' },
    ...CODE,
    ...CODE,
    { phase: "tests", text: "assert double(0) == 0\nassert double(3) == 6" },
  ]);

const models: ScriptedModel[] = [];
afterEach(async () => {
  for (const model of models.splice(0)) await model.close();
});

async function scripted(name = "twice"): Promise<ScriptedModel> {
  const model = await startScriptedModel({ script: () => script(name) });
  models.push(model);
  return model;
}

/** An evaluation of two problems whose record is in a folder of its own. */
function evaluationAt(url: string): Evaluation & { said: string[] } {
  const folder = scratchFolder("eval");
  const data = join(folder, "problems.jsonl");
  const problems = [0, 1].map((at) => ({ task_id: `HumanEval/${at}`, ...PROBLEM }));
  writeFileSync(data, problems.map((one) => JSON.stringify(one)).join("\n"));
  const rest = { model: "default", seed: "1", context: "8192", download: false, mixed: false, parallel: "1" };
  const said: string[] = [];
  const results = join(folder, "results.jsonl");
  return { ...evaluationOf({ endpoint: url, data, results, ...rest }), said, say: (line) => void said.push(line) };
}

describe.skipIf(!agentTools().python)("an evaluation", { timeout: 60_000 }, () => {
  test("judges the agent and the bare model by hidden tests that neither was shown", async () => {
    const model = await scripted();
    const figures = figuresOf(await evaluate(evaluationAt(model.url)));
    expect(figures).toMatchObject({ models: ["scripted/twice"], problems: 2, solved: 2, bareSolved: 0 });
    expect(figures).toMatchObject({ saidSucceeded: 2, rightlySucceeded: 2 });
    expect(JSON.stringify(model.asked)).not.toContain("candidate(5)");
  });

  test("runs no problem again that is done, and one whose line was cut", async () => {
    const model = await scripted();
    const evaluation = evaluationAt(model.url);
    const first = await evaluate(evaluation);
    const asked = model.asked.length;
    expect(await evaluate(evaluation)).toEqual(first);
    // Who answers is asked each time.
    expect(model.asked.length).toBe(asked + 1);

    writeFileSync(evaluation.results, readFileSync(evaluation.results, "utf8").slice(0, -9));
    evaluation.said.length = 0;
    const again = await evaluate(evaluation);
    expect(evaluation.said[0]).toMatch(/^scripted\/twice answers, 1 of 2 problems are left/);
    expect(evaluation.said.slice(1)).toEqual([expect.stringMatching(/^HumanEval\/1 /)]);
    expect(again.map(({ id, solved }) => [id, solved])).toEqual(first.map(({ id, solved }) => [id, solved]));
  });

  test("is at several problems at a time where that is asked for", async () => {
    const turns = [
      { text: "Yes." },
      { phase: "analysis" as const, text: '{"criteria": {}}' },
      { phase: "code" as const, text: block("n * 2") },
      { phase: "tests" as const, text: "assert double(0) == 0\nassert double(3) == 6" },
    ];
    const slow = { ...scriptOf("slow", turns), delayMilliseconds: 1_000 };
    const model = await startScriptedModel({ script: () => slow });
    models.push(model);
    const figures = figuresOf(await evaluate({ ...evaluationAt(model.url), parallel: 2 }));
    expect(figures).toMatchObject({ problems: 2, solved: 2, bareSolved: 2, rightlySucceeded: 2 });
    // The model is asked about the second problem before it has said a word of the first one's analysis.
    expect(model.asked.slice(1, 3).map(({ phase }) => phase)).toEqual(["code", "code"]);
  });

  test("goes on with no record of another model, and leaves it as it is", async () => {
    const evaluation = evaluationAt((await scripted()).url);
    await evaluate(evaluation);
    const kept = readFileSync(evaluation.results, "utf8");
    const other = { ...evaluation.endpoint, url: (await scripted("another")).url };
    await expect(evaluate({ ...evaluation, endpoint: other })).rejects.toThrow(
      /answers of scripted\/twice, and this run scripted\/another/,
    );
    expect(readFileSync(evaluation.results, "utf8")).toBe(kept);
  });

  test("counts no problem for which another model answered than at its beginning", async () => {
    let asked = 0;
    const model = await startScriptedModel({ script: () => script((asked++ === 0 && "first") || "second") });
    models.push(model);
    const evaluation = evaluationAt(model.url);
    await expect(evaluate(evaluation)).rejects.toThrow(/scripted\/second answers now and scripted\/first did before/);
    expect(readFileSync(evaluation.results, "utf8").split("\n")).toHaveLength(2);
  });
});

describe("an evaluation without what it needs", () => {
  test("says that nothing answers, and writes no record", async () => {
    const gone = await startScriptedModel({ script: () => script("gone") });
    await gone.close();
    const evaluation = evaluationAt(gone.url);
    await expect(evaluate(evaluation)).rejects.toThrow(`no model answers at ${gone.url}: `);
    expect(existsSync(evaluation.results)).toBe(false);
  });

  test.each([
    [{ endpoint: "localhost" }, /--endpoint localhost is no URL/],
    [{ sample: "many" }, /--sample many is no whole number from 1 on/],
    [{ sample: "0" }, /--sample 0 is/],
    [{ seed: "1.5" }, /--seed 1.5 is/],
    [{ context: "" }, /--context {2}is/],
    [{ parallel: "0" }, /--parallel 0 is/],
  ])("refuses %j", (change, message) => {
    const usual = {
      endpoint: "http://model/v1",
      model: "m",
      seed: "1",
      results: "r",
      data: "d",
      context: "8192",
      parallel: "1",
    };
    expect(() => evaluationOf({ ...usual, download: false, mixed: false, ...change })).toThrow(message);
  });
});
