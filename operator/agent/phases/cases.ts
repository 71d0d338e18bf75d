import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import type { Read } from "../answers/json.ts";
import { examplesIn } from "../languages/examples.ts";
import type { Case, Example } from "../languages/language.ts";
import type { Work } from "./work.ts";

const CASES_MAX = 6;

/**
 * Tests of a single function, as lines that say which call gives what. A small model that is asked for a file of tests
 * writes the same ones until it is cut off; of lines the first few are enough, and each stands for itself.
 */
export async function generateCases(asking: Asking, work: Work): Promise<Pick<Work, "tests" | "cases">> {
  const { task, language } = work;
  const examples = examplesIn(task.description);
  const found = await ask(asking, {
    step: "test_generation",
    prompt: {
      system: `You are a senior ${language.title} developer who writes tests. You answer with lines of code and nothing else.`,
      sections: [{ title: "", text: `\`\`\`${language.fence}\n${task.description.trim()}\n\`\`\``, keep: true }],
      ask: `Write ${CASES_MAX} different calls of ${task.title} with their results, one a line, usual and edge cases, in this form:
assert ${task.title}(arguments) == result`,
    },
    answerTokens: 300,
    read: (text) => casesOf(text, task.title, examples),
  });
  const cases = found ?? [];
  if (found === undefined) asking.steps.note("test_generation", "failed", "no usable cases came");
  return { tests: casesFiles(work, examples, cases), cases };
}

/**
 * Works out failed cases anew, each by itself and step by step: what a small model wrote down at once is wrong more often
 * than its code is. The code's own answer is not shown, which it would only agree with.
 * @returns undefined where each comes to the same result: then the code is wrong.
 */
export async function reconsider(
  asking: Asking,
  work: Work,
  failures: readonly string[],
): Promise<Pick<Work, "tests" | "cases"> | undefined> {
  const failed = failedAmong(failures);
  const cases: Case[] = [];
  for (const [index, one] of work.cases.entries()) {
    const result = failed.has(index + 1) ? await workedOut(asking, work, one.call) : one.result;
    const same = result === one.result;
    cases.push(same ? one : { call: one.call, result: result ?? one.result, doubted: true });
  }
  if (!cases.some(({ doubted }) => doubted)) return undefined;
  return { tests: casesFiles(work, examplesIn(work.task.description), cases), cases };
}

/**
 * Without the failed cases for which the model has given two results: such a case says nothing of the code.
 * @returns undefined where there is none
 */
export function withoutDoubted(
  { steps }: Pick<Asking, "steps">,
  work: Work,
  failures: readonly string[],
): Pick<Work, "tests" | "cases"> | undefined {
  const failed = failedAmong(failures);
  const dropped = work.cases.filter(({ doubted }, index) => doubted === true && failed.has(index + 1));
  if (dropped.length === 0) return undefined;
  const calls = dropped.map(({ call }) => call).join(", ");
  steps.note(
    "test_reconsideration",
    "completed",
    `no tests any more, because two results were given for them: ${calls}`,
  );
  const cases = work.cases.filter((one) => !dropped.includes(one));
  return { tests: casesFiles(work, examplesIn(work.task.description), cases), cases };
}

/** Their numbers, from the names of tests. */
function failedAmong(failures: readonly string[]): ReadonlySet<number> {
  return new Set(failures.flatMap((name) => name.match(/unit[:_] ?case[ _](\d+)$/)?.[1] ?? []).map(Number));
}

function workedOut(asking: Asking, { task, language }: Work, call: string): Promise<string | undefined> {
  return ask(asking, {
    step: "test_reconsideration",
    prompt: {
      system: "You are a careful developer who works out by hand what a function returns.",
      sections: [{ title: "", text: `\`\`\`${language.fence}\n${task.description.trim()}\n\`\`\``, keep: true }],
      ask: `What must ${call} return? Work it out in at most 8 short lines. The last line is:\nRESULT: the value in ${language.title}`,
    },
    answerTokens: 350,
    read: (text) => {
      const result = text.match(/RESULT:\W*?([\w\-[({"'].*?)[`*\s]*$/m)?.[1] ?? "";
      const [one] = examplesIn(`${call} == ${result}`);
      if (one === undefined) return { ok: false, error: "its last line is not RESULT: and a value" };
      return { ok: true, value: one.result, repaired: false };
    },
  });
}

/** The two files of tests: what the task promises, and what the model expects. */
export function casesFiles(
  { language, code }: Work,
  examples: readonly Example[],
  cases: readonly Example[],
): SourceFile[] {
  return [language.exampleTests("example", examples, code), language.exampleTests("case", cases, code)].flatMap(
    (file) => file ?? [],
  );
}

function casesOf(text: string, name: string, examples: readonly Example[]): Read<Example[]> {
  const known = new Set(examples.map(({ call }) => call));
  const byCall = new Map(
    examplesIn(text.replace(/^\s*assert\s+/gm, ""))
      .filter(({ call }) => call.startsWith(`${name}(`) && !known.has(call))
      .map((one) => [one.call, one]),
  );
  const value = [...byCall.values()].slice(0, CASES_MAX);
  if (value.length > 0) return { ok: true, value, repaired: false };
  return { ok: false, error: `there is no line of the form assert ${name}(arguments) == result` };
}
