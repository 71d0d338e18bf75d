import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import { blocksOf } from "../answers/blocks.ts";
import { FILE_FORMAT, ONE_FILE_FORMAT, readFiles } from "../answers/files.ts";
import type { Read } from "../answers/json.ts";
import { examplesIn } from "../languages/examples.ts";
import type { Kind } from "../languages/language.ts";
import { packagesText } from "../languages/packages.ts";
import { type Draw, generateCases } from "./cases.ts";
import { asTestsOf, testsOfThemselves } from "./imports.ts";
import { criteriaText, merged, permitted, sectionsOf, shown, taskText, type Work } from "./work.ts";

/** Which kinds of test make sense for what is made. */
const KINDS_OF_TEST: Readonly<Record<Kind, readonly string[]>> = {
  service: ["unit", "integration", "edge", "security", "performance"],
  program: ["unit", "edge", "security"],
  library: ["unit", "edge", "performance"],
};

const MEANING: Readonly<Record<string, string>> = {
  unit: "each function for usual input",
  integration: "each route with its answer",
  edge: "the borders of what is allowed",
  security: "missing or wrong authentication, wrong and hostile input",
  performance: "1,000 calls take less than 5 seconds",
};

const ANSWER_TOKENS = 5_000;
/** A small model that is not told goes on until it is cut off, and at times then too. */
const TESTS_MAX = 8;
export const ONE_FILE_TOKENS = TESTS_MAX * 120;

/** Tests by the model, and those that the task's own examples make: nobody needs a model for these. */
export async function generateTests(
  asking: Asking,
  work: Work,
  draw: Draw = {},
): Promise<Pick<Work, "tests" | "cases">> {
  if (work.profile.name === "function") return generateCases(asking, work, draw);
  const examples = work.language.exampleTests("example", examplesIn(work.task.description), work.code);
  const kinds = KINDS_OF_TEST[work.kind];
  const found = await ask(asking, {
    ...draw,
    step: "test_generation",
    prompt: promptOf(work, kinds),
    answerTokens: isOneFile(work) ? ONE_FILE_TOKENS : ANSWER_TOKENS,
    read: (text) => testsOnly(work, readFiles(wholeTests(text), testFile(work))),
  });
  const tests = found ?? [];
  noteKinds(asking, kinds, tests);
  return { tests: merged(work.tests, examples === undefined ? tests : [...tests, examples]), cases: [] };
}

function promptOf(work: Work, kinds: readonly string[]) {
  const { language, kind } = work;
  const isOne = isOneFile(work);
  return {
    system: `You are a senior ${language.title} developer who writes tests. You answer with files and nothing else.`,
    sections: sectionsOf(
      { title: "Task", text: taskText(work), keep: true },
      { title: "It is done when", text: criteriaText(work) },
      { title: "Code under test", text: shown(work.code), keep: true },
      { title: "Existing tests", text: shown(work.tests) },
      {
        title: "Rules",
        text: `${language.testRules(kind, work.code)}\n- ${packagesText(language.name, kind)}`,
        keep: true,
      },
    ),
    ask: `Write ${isOne ? "one file with " : ""}at most ${TESTS_MAX} short tests of these kinds: ${kinds.map((name) => `${name} (${MEANING[name]})`).join(", ")}. Together they must reach every line of the code. ${isOne ? ONE_FILE_FORMAT : FILE_FORMAT}`,
  };
}

function isOneFile({ code, tests }: Work): boolean {
  return code.length === 1 && tests.length === 0;
}

/** Where a test ends, and where the next one of Python begins. */
const TEST_END = /^\}\);?$/gm;
const TEST_START = /^(@|(async )?def test_)/gm;

/** Tests that go on until they are cut off, up to the last that is whole: each stands for itself. */
export function wholeTests(answer: string): string {
  if (!blocksOf(answer).open) return answer;
  const last = blocksOf(`${answer}\n\`\`\``).blocks.at(-1)?.content ?? "";
  const end = [...last.matchAll(TEST_END)].at(-1);
  const start = [...last.matchAll(TEST_START)].filter(({ index }) => index > 0).at(-1);
  const length = end === undefined ? start?.index : end.index + end[0].length;
  if (length === undefined) return answer;
  const begun = answer.lastIndexOf(last.slice(0, length));
  return begun === -1 ? answer : `${answer.slice(0, begun + length)}\n\`\`\`\n`;
}

/** Where tests go that come without a name. */
export function testFile({ language }: Pick<Work, "language">, name = "solution"): string {
  return language.name === "python" ? `tests/test_${name}.py` : `tests/${name}.test.ts`;
}

/** A model that is asked for tests at times writes the code anew; that is no test's business. */
function testsOnly(work: Work, read: Read<SourceFile[]>): Read<SourceFile[]> {
  if (!read.ok) return read;
  return testsIn(
    work,
    permitted(work, read.value).tests.map((file) => asTestsOf(work, file)),
  );
}

const TEST = /\b(test|it)\(|\bdef test_/;

/** These files where they are tests of the code, and else what is wrong. */
export function testsIn(work: Work, tests: SourceFile[]): Read<SourceFile[]> {
  if (!tests.some(({ content }) => TEST.test(content))) {
    return { ok: false, error: `no file of the answer is a test: name it ${testFile(work)}` };
  }
  const [fault] = tests.flatMap((file) => testsOfThemselves(work, file) ?? []);
  return fault === undefined ? { ok: true, value: tests, repaired: false } : { ok: false, error: fault };
}

function noteKinds(asking: Asking, kinds: readonly string[], tests: readonly SourceFile[]): void {
  const text = tests.map(({ content }) => content).join("\n");
  const missing = kinds.filter((kind) => !new RegExp(`["'\`]${kind}\\b|test_${kind}_`, "i").test(text));
  if (tests.length === 0) asking.steps.note("test_generation", "failed", "no usable tests came");
  else if (missing.length > 0)
    asking.steps.note("test_generation", "completed", `no test of kind ${missing.join(", ")}`);
}
