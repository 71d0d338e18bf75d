import { describe, expect, test } from "vitest";
import type { Steps } from "../../operator/agent/steps.ts";
import { scriptOf } from "./model/script.ts";
import { ran, taskOf } from "./running.ts";
import { agentTools } from "./tools.ts";

const file = (path: string, content: string) => `FILE: ${path}\n\`\`\`\n${content}\`\`\``;

const CODE = `/** The words of a text, joined by dashes. */
export function slug(text: string): string {
  return text.trim().toLowerCase().split(/\\s+/).join("-");
}
`;
const TESTS = `import assert from "node:assert/strict";
import test from "node:test";
import { slug } from "../src/index.ts";

test("unit: words are joined", () => assert.equal(slug("A  b"), "a-b"));
`;
const PYTHON_CODE = `"""Names of pages."""


def slug(text: str) -> str:
    """The words of a text, joined by dashes."""
    return "-".join(text.lower().split())
`;
const PYTHON_TESTS = `from library import slug


def test_unit_words_are_joined():
    assert slug("A  b") == "a-b"
`;

/** A task whose code is right from the first, with what the model says of its tests and then of their correction. */
function corrected(language: "typescript" | "python", tests: string, ...corrections: string[]) {
  const [path, code] = language === "python" ? ["library.py", PYTHON_CODE] : ["src/index.ts", CODE];
  return correctedOf({ task: taskOf({ language }), path, code }, tests, ...corrections);
}

type Given = { task: ReturnType<typeof taskOf>; path: string; code: string; anew?: { code?: string; tests?: string } };

async function correctedOf({ task, path, code, anew = {} }: Given, tests: string, ...corrections: string[]) {
  const script = scriptOf("faulty-tests", [
    { phase: "analysis", text: '{"criteria": {}}' },
    { phase: "architecture", text: JSON.stringify({ files: [{ path, purpose: "slug" }] }) },
    { phase: "code", text: file(path, code) },
    { phase: "tests", text: tests },
    ...corrections.map((text) => ({ phase: "correction" as const, text })),
    ...(["code", "tests"] as const).flatMap((phase) => (anew[phase] === undefined ? [] : { phase, text: anew[phase] })),
    { phase: "documentation", text: "# Slugs\n\n`slug` joins the words of a text.\n" },
  ]);
  const { asked, ...rest } = await ran(script, task);
  const questions = asked
    .filter(({ phase }) => phase === "correction")
    .map(({ body }) => body.messages.at(-1)?.content);
  return { ...rest, asked, code, questions };
}

describe("tests that are wrong of themselves", { timeout: 60_000 }, () => {
  test("are written anew where they import what is not installed, and the model is told what is", async () => {
    const wrong = file("tests/a.test.ts", `import { expect } from "chai";\nimport request from "supertest";\n${TESTS}`);
    const { outcome, state, questions, code } = await corrected("typescript", wrong, file("tests/a.test.ts", TESTS));
    expect(outcome.result).toBe("Succeeded");
    expect(state.work.code).toMatchObject([{ content: code }]);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toContain(
      "not installed: chai, supertest (tests/a.test.ts). Do without them. Only these may be imported:",
    );
    expect(questions[0]).toContain("fastify (HTTP services); zod (validation of input)");
    expect(questions[0]).toContain("The fault is in the tests");
    expect(questions[0]).toContain(code.trim());
  });

  test("are written anew where the compiler finds the faults in them alone; code in the answer is not taken", async () => {
    const wrong = file("tests/a.test.ts", `${TESTS}test("edge: nothing", () => expect(slug("")).toBe(""));\n`);
    const weaker = file("src/index.ts", CODE.replace("text: string", "text: any"));
    const { outcome, state, questions, code } = await corrected(
      "typescript",
      wrong,
      weaker,
      `${weaker}\n${file("tests/a.test.ts", TESTS)}`,
    );
    expect(outcome.result).toBe("Succeeded");
    expect(state.work.code).toMatchObject([{ content: code }]);
    expect(state.iterations).toBe(1);
    expect(questions[0]).toMatch(/tests\/a\.test\.ts\(6,\d+\): error TS2304: Cannot find name 'expect'/);
    expect(questions[0]).toContain("The fault is in the tests");
    expect(questions[1]).toContain("no file of the answer is a test, and the fault is in the tests alone");
  });

  test("are not taken to be where they ask for what the code does not export: the task may want it", async () => {
    const wrong = file("tests/a.test.ts", TESTS.replace("{ slug }", "{ slug, unslug }"));
    const { questions } = await corrected("typescript", wrong, file("tests/a.test.ts", TESTS));
    expect(questions[0]).toMatch(/TS2724[\s\S]*Decide for each fault by the task alone/);
  });

  test("are not taken to be where they call the code otherwise than it is written: either may be wrong", async () => {
    const wrong = file("tests/a.test.ts", TESTS.replace('slug("A  b")', 'slug("A  b", 1)'));
    const { questions } = await corrected("typescript", wrong, file("tests/a.test.ts", TESTS));
    expect(questions[0]).toMatch(/TS2554[\s\S]*Decide for each fault by the task alone/);
  });

  test.skipIf(!agentTools().python).each([
    ["import what is not installed", `import requests\n${PYTHON_TESTS}`, "not installed: requests (tests/test_a.py)"],
    ["are no Python", `${PYTHON_TESTS}\ndef test_edge_nothing(:\n    pass\n`, 'File "tests/test_a.py", line 7'],
    [
      "want a fixture that nobody made",
      `${PYTHON_TESTS}\n\ndef test_edge_nothing(client):\n    assert client.get("/")\n`,
      "fixture 'client' not found",
    ],
  ])("are written anew in Python where they %s", async (_what, wrong, said) => {
    const right = file("tests/test_a.py", PYTHON_TESTS);
    const { outcome, state, questions, code } = await corrected("python", file("tests/test_a.py", wrong), right);
    expect(outcome.result).toBe("Succeeded");
    expect(state.work.code).toMatchObject([{ content: code }]);
    expect(questions[0]).toContain(said);
    expect(questions[0]).toContain("pytest (tests)");
    expect(questions[0]).toContain("The fault is in the tests");
  });
});

const path = "src/index.ts";
const command = `node -e 'import("./src/index.ts").then(({ slug }) => console.log(slug("A  b")))'`;
const accepted = (stdout: string) => taskOf({ acceptance: [{ name: "joins", command, expect: { stdout } }] });
/** A test that fails by an error of its own, of which nobody knows whether it was meant. */
const THROWING = TESTS.replace(
  'assert.equal(slug("A  b"), "a-b"));',
  `{
  assert.ok(slug);
  if (slug("A  b") !== "a--b") throw new Error("words are not joined");
});`,
);

describe("tests of the model's own that several programs refute", { timeout: 60_000 }, () => {
  const wrong = 'test("edge: # of nothing", () => {\n  assert.equal(slug(""), "none");\n});\n';
  const other = CODE.replace("text.trim().toLowerCase()", "text.toLowerCase().trim()");
  const reconsidered = ({ steps }: { steps: Steps }) =>
    steps.all().filter(({ step }) => step === "test_reconsideration");

  test("are left out, those alone, and the log says which and why", async () => {
    const given = { task: accepted("a-b"), path, code: CODE, anew: { code: file(path, other) } };
    const result = await correctedOf(given, file("tests/a.test.ts", `${TESTS}${wrong}`));
    expect(result.outcome).toMatchObject({
      result: "Succeeded",
      message:
        "1 of 1 tests pass, and 1 acceptance cases; 1 of the model's own tests are left out, as the step log says",
    });
    expect(result.questions).toEqual([]);
    expect(result.state.work).toMatchObject({ code: [{ content: CODE }], tests: [{ content: TESTS }] });
    expect(result.state.measured.tests).toEqual({ total: 1, passed: 1, failed: 0 });
    expect(reconsidered(result)).toMatchObject([
      {
        status: "completed",
        output:
          "no tests any more, because 3 programs that pass all acceptance cases say otherwise: edge: # of nothing",
      },
    ]);
    const anew = result.asked.filter(({ phase }) => phase === "code").map(({ body }) => body);
    expect(anew.map(({ temperature }) => temperature)).toEqual([0, 0.7, 0.7]);
    expect(JSON.stringify(anew[1]?.messages)).not.toContain("toLowerCase");
  });

  test.skipIf(!agentTools().python)("are left out in Python too", async () => {
    const given = {
      task: taskOf({
        language: "python",
        acceptance: [
          {
            name: "joins",
            command: `python3 -c 'from library import slug; print(slug("A  b"))'`,
            expect: { stdout: "a-b" },
          },
        ],
      }),
      path: "library.py",
      code: PYTHON_CODE,
      anew: { code: file("library.py", PYTHON_CODE.replace("text.lower().split()", "text.split()).lower(")) },
    };
    const nothing = '\n\ndef test_edge_nothing():\n    assert slug("") == "none"\n';
    const result = await correctedOf(given, file("tests/test_a.py", `${PYTHON_TESTS}${nothing}`));
    expect(result.outcome.result).toBe("Succeeded");
    expect(result.state.work.tests[0]?.content.trim()).toBe(PYTHON_TESTS.trim());
    expect(reconsidered(result)).toMatchObject([{ output: expect.stringMatching(/: test_edge_nothing$/) }]);
  });

  test("hold the code all the same where an answer passes them: that is taken", async () => {
    const better = other.replace("return ", 'return text === "" ? "none" : ');
    const given = { task: accepted("a-b"), path, code: CODE, anew: { code: file(path, better) } };
    const result = await correctedOf(given, file("tests/a.test.ts", `${TESTS}${wrong}`));
    expect(result.outcome.result).toBe("Succeeded");
    expect(result.state.work).toMatchObject({ code: [{ content: better }], tests: [{ content: `${TESTS}${wrong}` }] });
    expect(reconsidered(result)).toEqual([]);
  });

  test.each([
    ["programs that fail acceptance cases", accepted("a-b"), other.replace('"-"', '"_"'), wrong],
    [
      "programs of which each says something else",
      accepted("a-b"),
      other.replace("return ", 'return text === "" ? String(Math.random()) : '),
      wrong,
    ],
    ["programs that say so of a task without acceptance cases", taskOf(), other, wrong],
    ["one program that is written three times, word for word", accepted("a-b"), CODE, wrong],
    [
      "programs that throw nothing where it wants an error",
      accepted("a-b"),
      other,
      'test("edge: nothing", () => {\n  assert.throws(() => slug(""));\n});\n',
    ],
    [
      "programs that end in an error there",
      accepted("a-b"),
      other.replace("  return", '  if (text === "") {\n    throw new Error("no text");\n  }\n  return'),
      wrong,
    ],
  ])("are not refuted by %s", async (_what, task, code, test) => {
    const first = code.includes("throw")
      ? code.replace("text.toLowerCase().trim()", "text.trim().toLowerCase()")
      : CODE;
    const given = { task, path, code: first, anew: { code: file(path, code) } };
    const tests = `${TESTS}${test}`;
    const result = await correctedOf(given, file("tests/a.test.ts", tests), file(path, first));
    expect(result.outcome.result).toBe("Failed");
    expect(result.questions.length).toBeGreaterThan(0);
    expect(reconsidered(result).filter(({ status }) => status === "completed")).toEqual([]);
  });
});

describe("tests of the model's own beside code that may be right", { timeout: 60_000 }, () => {
  test("are added to where lines are not reached, which the model is shown; those that are there stay", async () => {
    const code = CODE.replace(
      "  return",
      '  if (text === "") {\n    throw new Error("there is no text");\n  }\n  return',
    );
    const more = TESTS.replace(/test\(.*/, 'test("edge: nothing", () => assert.throws(() => slug("")));');
    const first = file("tests/a.test.ts", TESTS);
    const { outcome, state, questions } = await correctedOf(
      { task: taskOf(), path, code },
      first,
      file("tests/a.test.ts", more),
    );
    expect(outcome.result).toBe("Succeeded");
    expect(questions[0]).toMatch(/src\/index\.ts: 4-5\n {2}4: {5}throw new Error\("there is no text"\);/);
    expect(questions[0]).toContain("Write one more file with at most 3 short tests");
    expect(state.work.tests.map((one) => one.path)).toEqual(["tests/a.test.ts", "tests/more_1.test.ts"]);
    expect(state.measured.tests).toEqual({ total: 2, passed: 2, failed: 0 });
  });

  test("are written anew by who does not see them, where a correction copies them and all acceptance cases pass", async () => {
    const wrong = file("tests/a.test.ts", THROWING);
    const given = { task: accepted("a-b"), path, code: CODE, anew: { tests: file("tests/b.test.ts", TESTS) } };
    const { outcome, state, asked } = await correctedOf(given, wrong, file(path, CODE));
    expect(outcome.result).toBe("Succeeded");
    expect(state.iterations).toBe(1);
    expect(state.work).toMatchObject({ code: [{ content: CODE }], tests: [{ path: "tests/b.test.ts" }] });
    const anew = asked.filter(({ phase }) => phase === "tests").map(({ body }) => body);
    expect(anew.map(({ temperature }) => temperature)).toEqual([0, 0.7]);
    expect(JSON.stringify(anew[1]?.messages)).not.toContain("a--b");
  });

  test("stay where no acceptance case speaks for the code: that is written anew by who does not see it", async () => {
    const code = CODE.replace('"-"', '"_"');
    const given = { task: taskOf(), path, code, anew: { code: file(path, CODE) } };
    const { outcome, state, asked } = await correctedOf(
      given,
      file("tests/a.test.ts", TESTS),
      file(path, code),
      file(path, code),
    );
    expect(outcome.result).toBe("Succeeded");
    expect(state.work).toMatchObject({ code: [{ content: CODE }], tests: [{ path: "tests/a.test.ts" }] });
    const anew = asked.filter(({ phase }) => phase === "code").at(-1)?.body;
    expect(JSON.stringify(anew?.messages)).not.toContain("toLowerCase");
  });

  test("and code that the task came with are not written anew: the task ends as one that goes in circles", async () => {
    const code = CODE.replace('"-"', '"_"');
    const task = taskOf({ source: [{ path: "src/other.ts", content: "export const other = 1;\n" }] });
    const { outcome } = await correctedOf(
      { task, path, code },
      file("tests/a.test.ts", TESTS),
      file(path, code),
      file(path, code),
    );
    expect(outcome).toMatchObject({ result: "Failed", reason: "Stalled" });
  });

  test("may show that input of a wrong type is refused: that it does not compile is what they expect", async () => {
    const refusal = 'test("edge: none", () => {\n  assert.throws(() => slug(null), TypeError);\n});\n';
    const given = { task: taskOf(), path, code: CODE };
    const { outcome, state, questions } = await correctedOf(given, file("tests/a.test.ts", `${TESTS}${refusal}`));
    expect(outcome.result).toBe("Succeeded");
    expect(questions).toEqual([]);
    expect(state.work.tests[0]?.content).toContain("\n  // @ts-expect-error: input of a wrong type\n  assert.throws(");
    // In any other line it is a fault.
    const wrong = refusal.replace("throws(() => slug(null), TypeError)", 'equal(slug(null), "")');
    const right = file("tests/a.test.ts", TESTS);
    const other = await correctedOf(given, file("tests/a.test.ts", `${TESTS}${wrong}`), right);
    expect(other.questions[0]).toMatch(/TS2345/);
  });

  test("are told of beside acceptance cases that all pass, and only beside them, with the line at which they fail", async () => {
    const wrong = file("tests/a.test.ts", THROWING);
    const right = file("tests/a.test.ts", TESTS);
    const passing = await correctedOf({ task: accepted("a-b"), path, code: CODE }, wrong, right);
    expect(passing.outcome.result).toBe("Succeeded");
    expect(passing.questions[0]).toContain("All hidden acceptance cases of the task pass");
    expect(passing.questions[0]).toContain(
      'It failed at: if (slug("A  b") !== "a--b") throw new Error("words are not joined");',
    );
    const failing = await correctedOf({ task: accepted("a_b"), path, code: CODE }, wrong, right);
    expect(failing.outcome.result).toBe("Failed");
    expect(failing.questions[0]).not.toContain("All hidden acceptance cases");
  });
});

test.each([
  ["stands where libraries have it", "A function slug(text) for the names of pages.", "src/index.ts"],
  ["stands where the task wants it", "A function slug(text) in src/slugs.ts.", "src/slugs.ts"],
])(
  "a library of one file %s, whatever the model plans and calls it",
  { timeout: 60_000 },
  async (_what, description, expected) => {
    const given = { task: taskOf({ description }), path: "src/slugs.ts", code: CODE };
    const { state } = await correctedOf(given, file("tests/a.test.ts", TESTS.replace("src/index.ts", expected)));
    expect(state.work.code.map((one) => one.path)).toEqual([expected]);
  },
);

describe("a library that comes with tests of itself goes on without them", { timeout: 60_000 }, () => {
  const withOwn = async (language: "typescript" | "python", [before, behind]: [string, string]) => {
    const [at, code] = language === "python" ? ["library.py", PYTHON_CODE] : [path, CODE];
    const tests = language === "python" ? file("tests/test_a.py", PYTHON_TESTS) : file("tests/a.test.ts", TESTS);
    const given = { task: taskOf({ language }), path: at, code: `${before}${code}${behind}` };
    const { outcome, state, questions } = await correctedOf(given, tests);
    expect(outcome.result).toBe("Succeeded");
    expect(questions).toEqual([]);
    expect(state.work.code[0]?.content.trim()).toBe(code.trim());
  };

  test("in TypeScript", async () => {
    const behind = '\ntest("a", () => {\n  throw new Error();\n});\n';
    await withOwn("typescript", ['import test from "node:test";\n\n', behind]);
  });

  test.skipIf(!agentTools().python)("in Python", async () => {
    await withOwn("python", ["", '\n\ndef test_slug():\n    assert slug("A b") == "A-B"\n']);
  });
});

test("what is told of work that failed is of what is handed out, not of what was tried last", {
  timeout: 60_000,
}, async () => {
  const worse = file(path, CODE.replace('"-"', '"_"'));
  const given = { task: { ...accepted("a-b"), maxIterations: 1 }, path, code: CODE };
  const { outcome, state } = await correctedOf(given, file("tests/a.test.ts", THROWING), worse);
  expect(state.work.code).toMatchObject([{ content: CODE }]);
  expect(state.measured.acceptance).toMatchObject({ passed: 1, failed: [] });
  expect(outcome).toMatchObject({ result: "Failed", reason: "IterationsExhausted" });
  expect(outcome.issues).toEqual([expect.stringMatching(/^1 of 1 tests fail/)]);
});
