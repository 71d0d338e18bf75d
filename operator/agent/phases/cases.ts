import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import type { Read } from "../answers/json.ts";
import { cameIn, examplesIn, heldBy } from "../languages/examples.ts";
import type { Example, TestReport } from "../languages/language.ts";
import type { Work } from "./work.ts";

const CASES_MAX = 6;

/** Which answer of several is wanted; the likeliest where nothing is said. */
export type Draw = { temperature?: number; seed?: number };

/**
 * Tests of a single function, as lines that say which call gives what. A small model that is asked for a file of tests
 * writes the same ones until it is cut off; of lines the first few are enough, and each stands for itself.
 */
export async function generateCases(
  asking: Asking,
  work: Work,
  draw: Draw = {},
): Promise<Pick<Work, "tests" | "cases">> {
  const { task, language } = work;
  const examples = examplesIn(task.description);
  const found = await ask(asking, {
    ...draw,
    step: "test_generation",
    prompt: {
      system: `You are a senior ${language.title} developer who writes tests. You answer with lines of code and nothing else.`,
      sections: [{ title: "", text: `\`\`\`${language.fence}\n${task.description.trim()}\n\`\`\``, keep: true }],
      ask: `Write ${CASES_MAX} different calls of ${task.title} with their results, one a line, usual and edge cases, in this form:
assert ${task.title}(arguments) == result`,
    },
    answerTokens: 300,
    read: (text) => casesOf(text, task.title, [...examples.map(({ call }) => call), ...work.refuted]),
  });
  const cases = found ?? [];
  if (found === undefined) asking.steps.note("test_generation", "failed", "no usable cases came");
  return { tests: casesFiles({ ...work, cases }), cases };
}

/** Which of the cases a program fails, by their place among them, and the value that comes; undefined where an error does. */
export function answersIn(failures: TestReport["failures"]): ReadonlyMap<number, string | undefined> {
  return new Map(
    failures.flatMap(({ name, detail }) => {
      const held = heldBy(name);
      return held?.what === "case" ? [[held.number - 1, cameIn(detail)] as const] : [];
    }),
  );
}

/** The two files of tests, as the code at hand is loaded: what the task promises, and what the model expects. */
export function casesFiles({ language, task, code, cases }: Work): SourceFile[] {
  const examples = examplesIn(task.description);
  return [language.exampleTests("example", examples, code), language.exampleTests("case", cases, code)].flatMap(
    (file) => file ?? [],
  );
}

function casesOf(text: string, name: string, others: readonly string[]): Read<Example[]> {
  const known = new Set(others);
  const byCall = new Map(
    examplesIn(text.replace(/^\s*assert\s+/gm, ""))
      .filter(({ call }) => call.startsWith(`${name}(`) && !known.has(call))
      .map((one) => [one.call, one]),
  );
  const value = [...byCall.values()].slice(0, CASES_MAX);
  if (value.length > 0) return { ok: true, value, repaired: false };
  return { ok: false, error: `there is no line of the form assert ${name}(arguments) == result` };
}
