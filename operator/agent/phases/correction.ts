import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import { FILE_FORMAT, ONE_FILE_FORMAT, readFiles } from "../answers/files.ts";
import type { Read } from "../answers/json.ts";
import { packagesText } from "../languages/packages.ts";
import { isDoubtful } from "../verdict.ts";
import { anotherCode } from "./code.ts";
import { asTestsOf } from "./imports.ts";
import { generateTests, ONE_FILE_TOKENS, testFile, testsIn, wholeTests } from "./tests.ts";
import type { Finding } from "./validation.ts";
import { isOwn, merged, permitted, sectionsOf, shown, taskText, type Work } from "./work.ts";

const AFRESH_TEMPERATURE = 0.7;
const ANSWER_TOKENS = { project: 6_000, function: 900 } as const;

/**
 * Asks for the files that must change, with what really came of running them. The first try is the likeliest answer;
 * later ones may be less likely, because the likeliest was wrong.
 * @returns undefined when no usable files came.
 */
export async function correct(
  asking: Asking,
  work: Work,
  findings: readonly Finding[],
  iteration: number,
): Promise<Pick<Work, "code" | "tests"> | undefined> {
  // The cases of a function are not the model's to rewrite: it has thought them over when it comes to this.
  const target = work.profile.name === "function" ? "code" : targetOf(findings);
  const only = onlyFile(work, target, iteration);
  // As long as the file that it replaces may have been, or short: what goes on is cut behind the last whole test then.
  const isShort = target === "more tests" || (target === "tests" && isOwn(work) && work.code.length === 1);
  const isOneOfTests = only !== undefined && isShort;
  let same = false;
  const changed = await ask(asking, {
    step: `self_correction-${iteration}`,
    prompt: work.profile.name === "function" ? functionPrompt(work, findings) : promptOf(work, findings, target, only),
    answerTokens: isOneOfTests ? ONE_FILE_TOKENS : ANSWER_TOKENS[work.profile.name],
    temperature: Math.min(0.8, 0.3 * (iteration - 1)),
    seed: iteration,
    read: (text) => {
      const read = changes(
        work,
        added(work, readFiles(isOneOfTests ? wholeTests(text) : text, only), target, only),
        target,
      );
      same = read.ok && alters(work, read.value).length === 0;
      return same && !isOwn(work)
        ? { ok: false, error: "it changes nothing, and the same would come of running it", isCopy: true }
        : read;
    },
  });
  if (same) return afresh(asking, work, findings, iteration);
  if (changed === undefined) return undefined;
  const { code, tests } = permitted(work, changed);
  const all = merged(work.code, placed(work, code));
  const own = tests.map((file) => asTestsOf({ language: work.language, code: all }, file));
  return { code: all, tests: merged(work.tests, own) };
}

/**
 * It changes nothing: a small model that is shown its own work writes it once more. So the side that may be
 * wrong is written anew by one who does not see it: the code, or where the task's own cases or the compiler speak for that
 * the tests and then the code in turn. What the task came with stays.
 */
async function afresh(
  asking: Asking,
  work: Work,
  findings: readonly Finding[],
  iteration: number,
): Promise<Pick<Work, "code" | "tests">> {
  const { code, tests, task } = work;
  // The loop sees by the same files that it goes in circles.
  if (!isOwn(work)) return { code, tests };
  const target = targetOf(findings);
  const isAccepted = task.acceptance.length > 0 && isDoubtful(findings);
  // Tests that do not compile hold the code to nothing.
  const mayBeTests = isAccepted || findings.every(({ shows }) => shows === "tests");
  if (target === "tests" || (mayBeTests && iteration % 2 === 1)) {
    const made = await generateTests(
      asking,
      { ...work, tests: [] },
      { temperature: AFRESH_TEMPERATURE, seed: iteration },
    );
    return { code, tests: made.tests.length > 0 ? made.tests : tests };
  }
  if (target !== "code" && target !== "either") return { code, tests };
  const made = await anotherCode(asking, { ...work, code: [] }, iteration);
  return { code: made.length > 0 ? made : code, tests };
}

type Target = "code" | "tests" | "more tests" | "quality" | "either";

/**
 * Where the fault must be: examples of the task are right, what no line reaches needs tests, some faults are seen to stand
 * in one of the two, else nobody knows. What a linter says comes along with other faults, and decides nothing then.
 */
export function targetOf(findings: readonly Finding[]): Target {
  if (findings.some(({ kind }) => kind === "examples")) return "code";
  if (findings.every(({ kind }) => kind === "coverage")) return "more tests";
  const faults = findings.filter(({ kind }) => kind !== "quality");
  if (faults.length === 0) return "quality";
  for (const side of ["code", "tests"] as const) {
    if (faults.every(({ within }) => within === side)) return side;
  }
  return "either";
}

const ASKED: Readonly<Record<Target, string>> = {
  code: "The code is wrong. Correct it.",
  tests:
    "The fault is in the tests: write anew those that have it, and leave the code as it is. Each test must still hold the code to the task.",
  "more tests":
    "Write one more file with at most 3 short tests that reach these lines. The tests that are there stay as they are.",
  quality: "Clear what the linter finds out of the code and the tests. What they do must stay the same.",
  either:
    "Decide for each fault by the task alone whether the code or the test is wrong, and correct that one. Never weaken a test that the task supports.",
};

function promptOf(work: Work, findings: readonly Finding[], target: Target, only: string | undefined) {
  const { language, kind } = work;
  // Shown those that are there, a small model writes them once more.
  const tests = target === "code" || target === "more tests" ? [] : work.tests;
  const isOne = only !== undefined && target !== "either" && target !== "quality";
  const rules = [
    ...(target === "tests" ? [] : [language.codeRules(kind, work.code.length === 1)]),
    language.testRules(kind, work.code),
    `- ${packagesText(language.name, kind)}`,
  ];
  return {
    system: `You are a senior ${language.title} developer who corrects code. You answer with files and nothing else.`,
    sections: sectionsOf(
      { title: "Task", text: taskText(work), keep: true },
      { title: "Rules", text: rules.join("\n") },
      { title: "Tests", text: shown(tests) },
      { title: "Code", text: shown(work.code), keep: true },
      { title: "What came of running it", text: findings.map(({ text }) => text).join("\n\n"), keep: true },
    ),
    ask: `${ASKED[target]} ${isOne ? ONE_FILE_FORMAT : `Answer with the files that must change, each one complete. ${FILE_FORMAT}`}`,
  };
}

/** For a single function everything else is in the way. */
function functionPrompt(work: Work, findings: readonly Finding[]) {
  const { language, task } = work;
  return {
    system: `You are a senior ${language.title} developer who corrects code. You write complete, working code.`,
    sections: [
      { title: "Task", text: `\`\`\`${language.fence}\n${task.description.trim()}\n\`\`\``, keep: true },
      { title: "Code", text: shown(work.code), keep: true },
      { title: "What came of running it", text: findings.map(({ text }) => text).join("\n\n"), keep: true },
    ],
    ask: `Complete this ${language.title} function so that it does not fail. Answer with the whole code in one fenced block.`,
  };
}

function onlyFile(work: Work, target: Target, iteration: number): string | undefined {
  if (work.profile.name === "function") return work.language.single;
  if (target === "more tests") return testFile(work, `more_${iteration}`);
  if (target === "tests") {
    const own = permitted(work, work.tests).tests;
    return own.length > 1 ? undefined : (own[0]?.path ?? testFile(work));
  }
  return work.code.length === 1 ? work.code[0]?.path : undefined;
}

/** Of tests that are to be added, those that came under a name that is there stand beside it: none is lost for them. */
function added(work: Work, read: Read<SourceFile[]>, target: Target, only: string | undefined): Read<SourceFile[]> {
  if (!read.ok || target !== "more tests" || only === undefined) return read;
  const there = new Set(work.tests.map(({ path }) => path));
  const [one, ...others] = read.value.filter(({ path }) => there.has(path));
  if (one === undefined || others.length > 0) return read;
  return { ...read, value: read.value.map((file) => (file === one ? { ...file, path: only } : file)) };
}

/** What of an answer may be taken: where the fault is the tests' alone, the code stays as it is. */
function changes(work: Work, read: Read<SourceFile[]>, target: Target): Read<SourceFile[]> {
  if (!read.ok) return read;
  const { code, tests, refused } = permitted(work, read.value);
  if (target === "tests" && tests.length === 0) {
    return { ok: false, error: "no file of the answer is a test, and the fault is in the tests alone" };
  }
  if (target === "tests" || (target === "more tests" && code.length === 0)) {
    return testsIn(
      work,
      tests.map((file) => asTestsOf(work, file)),
    );
  }
  if (code.length + tests.length > 0) return read;
  return { ok: false, error: `only files were changed that are not yours to change: ${refused.join(", ")}` };
}

/** Of these files, those that are not there word for word. */
function alters(work: Work, files: readonly SourceFile[]): SourceFile[] {
  const { code, tests } = permitted(work, files);
  const there = new Map([...work.code, ...work.tests].map(({ path, content }) => [path, content]));
  return [...placed(work, code), ...tests].filter(({ path, content }) => there.get(path) !== content);
}

/** One function is one file, whatever the model calls it. */
function placed({ profile, language }: Work, code: readonly SourceFile[]): readonly SourceFile[] {
  const [file] = code;
  if (profile.name !== "function" || file === undefined) return code;
  return [{ path: language.single, content: file.content }];
}
