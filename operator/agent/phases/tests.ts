import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import { FILE_FORMAT, readFiles } from "../answers/files.ts";
import type { Read } from "../answers/json.ts";
import { examplesIn } from "../languages/examples.ts";
import type { Kind } from "../languages/language.ts";
import { packagesText } from "../languages/packages.ts";
import { generateCases } from "./cases.ts";
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
  edge: "empty, extreme and wrong input",
  security: "missing or wrong authentication, hostile input",
  performance: "many calls within a generous time",
};

const ANSWER_TOKENS = 5_000;

/** Tests by the model, and those that the task's own examples make: nobody needs a model for these. */
export async function generateTests(asking: Asking, work: Work): Promise<Pick<Work, "tests" | "cases">> {
  if (work.profile.name === "function") return generateCases(asking, work);
  const examples = work.language.exampleTests("example", examplesIn(work.task.description), work.code);
  const kinds = KINDS_OF_TEST[work.kind];
  const found = await ask(asking, {
    step: "test_generation",
    prompt: promptOf(work, kinds),
    answerTokens: ANSWER_TOKENS,
    read: (text) => testsOnly(work, readFiles(text, testFile(work))),
  });
  const tests = found ?? [];
  noteKinds(asking, kinds, tests);
  return { tests: merged(work.tests, examples === undefined ? tests : [...tests, examples]), cases: [] };
}

function promptOf(work: Work, kinds: readonly string[]) {
  const { language, kind } = work;
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
    ask: `Write tests of these kinds: ${kinds.map((name) => `${name} (${MEANING[name]})`).join(", ")}. Together they must reach every line of the code. ${FILE_FORMAT}`,
  };
}

/** Where tests go that come without a name. */
export function testFile({ language }: Pick<Work, "language">, name = "solution"): string {
  return language.name === "python" ? `tests/test_${name}.py` : `tests/${name}.test.ts`;
}

/** A model that is asked for tests at times writes the code anew; that is no test's business. */
function testsOnly(work: Work, read: Read<SourceFile[]>): Read<SourceFile[]> {
  if (!read.ok) return read;
  const { tests } = permitted(work, read.value);
  if (tests.length > 0) return { ...read, value: tests };
  return { ok: false, error: `no file of the answer is a test: name it ${testFile(work)}` };
}

function noteKinds(asking: Asking, kinds: readonly string[], tests: readonly SourceFile[]): void {
  const text = tests.map(({ content }) => content).join("\n");
  const missing = kinds.filter((kind) => !new RegExp(`["'\`]${kind}\\b|test_${kind}_`, "i").test(text));
  if (tests.length === 0) asking.steps.note("test_generation", "failed", "no usable tests came");
  else if (missing.length > 0)
    asking.steps.note("test_generation", "completed", `no test of kind ${missing.join(", ")}`);
}
