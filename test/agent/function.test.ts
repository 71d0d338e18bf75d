import { describe, expect, test } from "vitest";
import { PROFILES } from "../../operator/agent/phases/work.ts";
import type { Steps } from "../../operator/agent/steps.ts";
import { scriptOf } from "./model/script.ts";
import { ran, taskOf } from "./running.ts";
import { agentTools } from "./tools.ts";

const TASK = taskOf({
  title: "double",
  description: 'def double(n: int) -> int:\n    """ Twice a number.\n    >>> double(2)\n    4\n    """\n',
  language: "python",
});
/** Its text promises no example. */
const BARE = { ...TASK, description: 'def double(n: int) -> int:\n    """ Twice a number. """\n' };
const saidIn = (steps: Steps) =>
  steps
    .all()
    .map(({ output }) => output)
    .join("\n");
const ANALYSIS = { phase: "analysis" as const, text: '{"criteria": {}}' };
const code = (expression: string) => `\`\`\`python\ndef double(n: int) -> int:\n    return ${expression}\n\`\`\``;
const CASES = {
  phase: "tests" as const,
  text: "assert double(0) == 0\nassert double(3) == 6\nassert double(-4) == 8\nassert double(",
};

/** What the evaluation runs: one function, its promises, and what a small model thinks of it. */
describe.skipIf(!agentTools().python)("a single function", { timeout: 60_000 }, () => {
  test("is tested by the task's examples and by lines of the model's, of which a cut one is left out", async () => {
    const right = { ...CASES, text: "assert double(0) == 0\nassert double(3) == 6\nassert double(" };
    const { outcome, state, asked } = await ran(
      scriptOf("right", [ANALYSIS, { phase: "code", text: code("n * 2") }, right]),
      TASK,
      PROFILES.function,
    );
    expect(outcome).toMatchObject({ result: "Succeeded", message: "3 of 3 tests pass, and no acceptance cases" });
    expect(state.work.cases).toEqual([
      { call: "double(0)", result: "0" },
      { call: "double(3)", result: "6" },
    ]);
    expect(asked.map(({ phase }) => phase)).toEqual(["analysis", "code", "tests"]);
  });

  test("keeps its code when two more programs, written anew, say what it says of a case", async () => {
    const script = scriptOf("refuted", [
      ANALYSIS,
      { phase: "code", text: code("n * 2") },
      CASES,
      { phase: "code", text: code("n + n") },
      { phase: "code", text: code("2 * n") },
      { ...CASES, text: "assert double(-4) == 8\nassert double(5) == 10" },
    ]);
    const { outcome, state, steps } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(state.work.code[0]?.content).toContain("n * 2");
    // What was refuted does not come back with the calls that are asked for in its place.
    expect(state.work.cases.map(({ call }) => call)).toEqual(["double(0)", "double(3)", "double(5)"]);
    expect(saidIn(steps)).toContain("3 programs say otherwise: double(-4) == 8");
  });

  test("is replaced by what three others say alike, also where none of them passes every call", async () => {
    const script = scriptOf("outvoted", [
      ANALYSIS,
      { phase: "code", text: code("n * 2 if n != 3 else 7") },
      {
        ...CASES,
        text: "assert double(0) == 0\nassert double(3) == 6\nassert double(5) == 10\nassert double(-4) == 8",
      },
      ...["n + n", "2 * n", "n * 2"].map((expression) => ({ phase: "code" as const, text: code(expression) })),
    ]);
    const { outcome, state } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(state.work.code[0]?.content).toContain("n + n");
    expect(state.work.cases.map(({ call }) => call)).toEqual(["double(0)", "double(3)", "double(5)"]);
  });

  test("[a crash that three programs share] says nothing of a call: it is no test less, and nothing is said to work", async () => {
    const script = scriptOf("crash", [
      ANALYSIS,
      { phase: "code", text: code("[n * 2][1 if n == 0 else 0]") },
      { ...CASES, text: "assert double(0) == 0\nassert double(3) == 6\nassert double(5) == 10" },
      ...["[n + n][1 if n == 0 else 0]", "[2 * n][1 if n == 0 else 0]"].map((expression) => ({
        phase: "code" as const,
        text: code(expression),
      })),
    ]);
    const { outcome, state } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Failed");
    expect(state.work.cases).toHaveLength(3);
  });

  test("[a program that cannot be loaded] has no vote, and is corrected by what it says", async () => {
    const unloadable = "```python\ndef double(n: Whole) -> int:\n    return n * 2\n```";
    const script = scriptOf("unloadable", [
      ANALYSIS,
      ...[1, 2, 3].map(() => ({ phase: "code" as const, text: unloadable })),
      { ...CASES, text: "assert double(3) == 6" },
      { phase: "correction", text: code("n * 2") },
    ]);
    const { outcome, asked } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(asked.at(-1)?.body.messages[1]?.content).toMatch(/name 'Whole' is not defined/);
    expect(asked.map(({ phase }) => phase)).toEqual(["analysis", "code", "tests", "correction"]);
  });

  test("that others outvoted is not handed out in the end, also where these are not believed any more", async () => {
    const script = scriptOf("doubted-later", [
      ANALYSIS,
      { phase: "code", text: code("n * 2 if n != 3 else 7") },
      { ...CASES, text: "assert double(3) == 6\nassert double(4) == 7" },
      ...["n + n if n != 9 else 1", "2 * n if n != 9 else 1", "n * 2 if n != 9 else 1"].map((expression) => ({
        phase: "code" as const,
        text: code(expression),
      })),
      { ...CASES, text: "assert double(9) == 18\nassert double(5) == 10" },
      ...[2, 3, 4, 5].map((other) => ({ phase: "code" as const, text: code(`n * 2 if n != 9 else ${other}`) })),
    ]);
    const { outcome, state } = await ran(script, BARE, PROFILES.function);
    expect(outcome.result).toBe("Failed");
    expect(state.work.code[0]?.content).toContain("n + n if n != 9");
  });

  test("of which no three programs say the same is believed of none, and nothing is said to work", async () => {
    const script = scriptOf("disagreed", [
      ANALYSIS,
      { phase: "code", text: code("n * 2 if n < 3 else 1") },
      CASES,
      ...[2, 3, 4, 5].map((other) => ({ phase: "code" as const, text: code(`n * 2 if n < 3 else ${other}`) })),
    ]);
    const { outcome, state, steps } = await ran(script, TASK, PROFILES.function);
    expect(outcome).toMatchObject({ result: "Failed", reason: "Stalled" });
    expect(state.work.code[0]?.content).toContain("else 1");
    expect(state.work.cases).toHaveLength(3);
    expect(saidIn(steps)).toContain("5 programs say different things");
  });

  test("takes the second program where it passes all that the first fails", async () => {
    const script = scriptOf("second", [
      ANALYSIS,
      { phase: "code", text: code("n * 2 if n > 2 else 4") },
      { ...CASES, text: "assert double(0) == 0\nassert double(3) == 6" },
      { phase: "code", text: code("n + n") },
    ]);
    const { outcome, state } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(state.iterations).toBe(1);
    expect(state.work.code[0]?.content).toContain("n + n");
  });

  test("whose examples fail is corrected, and no case is taken away for it", async () => {
    const script = scriptOf("wrong", [
      ANALYSIS,
      { phase: "code", text: code("n") },
      { ...CASES, text: "assert double(3) == 6" },
      { phase: "correction", text: code("n * 2") },
    ]);
    const { outcome, state, asked } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(state.work.cases).toHaveLength(1);
    expect(asked.at(-1)?.body.messages[1]?.content).toMatch(/2 came, 4 is expected, of double\(2\)/);
  });

  test("that stays wrong is handed out as its best version, not as its last", async () => {
    const script = scriptOf("worse", [
      ANALYSIS,
      { phase: "code", text: code("n + 2 if n != 3 else 7") },
      { ...CASES, text: "assert double(3) == 6\nassert double(2) == 4" },
      { phase: "code", text: "no code at all" },
      { phase: "correction", text: code("n") },
      { phase: "correction", text: code("n +") },
      { phase: "correction", text: code("None") },
    ]);
    const { outcome, state } = await ran(script, { ...TASK, maxIterations: 3 }, PROFILES.function);
    expect(outcome.result).toBe("Failed");
    expect(state.work.code[0]?.content).toContain("n + 2 if n != 3 else 7");
  });

  test("whose correction fails the examples too is written anew until a program passes them, in one correction", async () => {
    const script = scriptOf("anew", [
      ANALYSIS,
      { phase: "code", text: code("n") },
      { ...CASES, text: "assert double(3) == 6" },
      { phase: "correction", text: code("n + 1") },
      { phase: "code", text: code("n +") },
      { phase: "code", text: code("n + n") },
    ]);
    const { outcome, state, steps } = await ran(script, TASK, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(state.iterations).toBe(1);
    expect(state.work.code[0]?.content).toContain("n + n");
    const drawn = steps.all().flatMap(({ step }) => step.match(/^another_implementation-\d+$/)?.[0] ?? []);
    expect(drawn).toEqual(["another_implementation-11", "another_implementation-12"]);
  });

  test("that cannot even be loaded is further from done than one that fails an example", async () => {
    const script = scriptOf("unloadable", [
      ANALYSIS,
      { phase: "code", text: code("n + 1") },
      { ...CASES, text: "assert double(3) == 6" },
      { phase: "correction", text: "```python\nprint(double(2))  # 4\n```" },
      { phase: "code", text: "no code at all" },
    ]);
    const { outcome, state } = await ran(script, { ...TASK, maxIterations: 1 }, PROFILES.function);
    expect(outcome.result).toBe("Failed");
    expect(state.work.code[0]?.content).toContain("n + 1");
  });

  test("whose cases all turn out wrong, and which promises no example, gets other cases before it is believed", async () => {
    const script = scriptOf("other-cases", [
      ANALYSIS,
      { phase: "code", text: code("n * 2") },
      { ...CASES, text: "assert double(3) == 5" },
      { phase: "code", text: code("n + n") },
      { phase: "code", text: code("2 * n") },
      { ...CASES, text: "assert double(4) == 8" },
    ]);
    const { outcome, state } = await ran(script, BARE, PROFILES.function);
    const told =
      "1 of 1 tests pass, and no acceptance cases; 1 of the model's own tests are left out, as the step log says";
    expect(outcome).toMatchObject({ result: "Succeeded", message: told });
    expect(state.work.code[0]?.content).toContain("n * 2");
    expect(state.work.cases).toEqual([{ call: "double(4)", result: "8" }]);
  });

  test("keeps its first program where only calls that the model made up speak against all of them", async () => {
    const script = scriptOf("doubted", [
      ANALYSIS,
      { phase: "code", text: code("n * 2") },
      { ...CASES, text: "assert double(3) == 5\nassert double(4) == 7" },
      { phase: "code", text: "no code at all" },
      { phase: "correction", text: code("5 if n == 3 else 10") },
    ]);
    const { outcome, state } = await ran(script, { ...BARE, maxIterations: 1 }, PROFILES.function);
    expect(outcome.result).toBe("Failed");
    expect(state.work.code[0]?.content).toContain("n * 2");
  });

  test("whose first answer has no code is tested by its examples all the same", async () => {
    const script = scriptOf("late", [
      ANALYSIS,
      { phase: "code", text: "no code at all" },
      { phase: "code", text: "none here either" },
      { ...CASES, text: "assert double(3) == 6" },
      { phase: "correction", text: code("n * 2") },
    ]);
    const { outcome } = await ran(script, TASK, PROFILES.function);
    expect(outcome).toMatchObject({ result: "Succeeded", message: "2 of 2 tests pass, and no acceptance cases" });
  });

  test("is written word for word once more by a model that is free to write another: so much for its own case", async () => {
    const script = scriptOf("again", [
      ANALYSIS,
      { phase: "code", text: code("n * 2") },
      CASES,
      { phase: "code", text: code("n * 2") },
    ]);
    const { outcome, state, asked } = await ran(script, TASK, PROFILES.function);
    expect([outcome.result, state.iterations]).toEqual(["Succeeded", 1]);
    expect(state.work.cases.map(({ call }) => call)).toEqual(["double(0)", "double(3)"]);
    expect(asked.map(({ phase }) => phase)).toEqual(["analysis", "code", "tests", "code", "code", "tests"]);
  });

  test("is never corrected by cases that were found wrong, also where no others come", async () => {
    const script = scriptOf("no-cases", [
      ANALYSIS,
      { phase: "code", text: code("n * 2") },
      { ...CASES, text: "assert double(3) == 5" },
      { phase: "code", text: code("n + n") },
      { phase: "code", text: code("2 * n") },
      { phase: "tests", text: "I would rather not." },
    ]);
    const { outcome, state, asked } = await ran(script, BARE, PROFILES.function);
    expect(outcome.result).toBe("Failed");
    expect(state.work.code[0]?.content).toContain("n * 2");
    expect(asked.map(({ phase }) => phase)).not.toContain("correction");
  });

  test("that does not compile is corrected before anybody asks for other cases", async () => {
    const script = scriptOf("uncompiled", [
      ANALYSIS,
      { phase: "code", text: code("n *") },
      { phase: "tests", text: "None." },
      { phase: "tests", text: "None." },
      { phase: "correction", text: code("n * 2") },
      { ...CASES, text: "assert double(4) == 8" },
    ]);
    const { outcome, asked } = await ran(script, BARE, PROFILES.function);
    expect(outcome.result).toBe("Succeeded");
    expect(asked.map(({ phase }) => phase)).toEqual(["analysis", "code", "tests", "tests", "correction", "tests"]);
  });

  test("whose model writes the same wrong program whatever it is told goes in circles, and ends", async () => {
    const script = scriptOf("circles", [
      ANALYSIS,
      { phase: "code", text: code("n") },
      { ...CASES, text: "assert double(3) == 6" },
      { phase: "correction", text: code("n") },
    ]);
    const { outcome, state } = await ran(script, { ...TASK, maxIterations: 10 }, PROFILES.function);
    expect(outcome).toMatchObject({ result: "Failed", reason: "Stalled" });
    expect(state.iterations).toBe(1);
  });
});
