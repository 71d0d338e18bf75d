import type { SourceFile } from "@leanvibe/schema";
import { isDoubtful } from "../verdict.ts";
import { generateTests, testsIn } from "./tests.ts";
import type { Verdict } from "./validation.ts";
import { BELIEVED, type Bench, type Fault, type Program, voted } from "./vote.ts";
import { isOwn, type Work } from "./work.ts";

const OTHER_TESTS_TEMPERATURE = 0.6;

/**
 * One file passes all acceptance cases, and tests that the model made up fail. Programs that were written apart, pass
 * the cases too and fail the same tests by the same values refute these tests: they are left out, and the log says so.
 * @returns undefined where that is not so, or they do not agree
 */
export async function withoutRefuted(
  bench: Bench,
  work: Work,
  fault: Fault,
): Promise<Pick<Work, "code" | "tests"> | undefined> {
  if (!isRefutable(work, fault.verdict)) return undefined;
  const said = await voted(bench, work, fault, (verdict) => JSON.stringify(sayingsOf(work, verdict)));
  if ("passes" in said) return { code: said.passes.code, tests: said.passes.tests };
  if ("camp" in said) return believed(bench, work, said.camp[0], fault.iteration);
  const told = `${said.asked} programs say different things of the tests, so that none is believed`;
  bench.asking.steps.note("test_reconsideration", "failed", told);
  return undefined;
}

/** Of several files each answer would be long, and without acceptance cases nothing but the tests holds the code to the task. */
function isRefutable(work: Work, verdict: Verdict): boolean {
  const isJudged = isOwn(work) && work.code.length === 1 && work.task.acceptance.length > 0;
  return isJudged && isDoubtful(verdict.findings) && sayingsOf(work, verdict).some(([, came]) => came !== undefined);
}

/** Each failed test with what came instead; without it where an error did, of which nobody knows whether it was meant. */
function sayingsOf({ language }: Work, { failures }: Verdict): (readonly [string, string | undefined])[] {
  return failures
    .map(({ name, detail }) => [name, language.cameIn(detail)] as const)
    .toSorted(([a], [b]) => a.localeCompare(b));
}

async function believed(
  { asking }: Bench,
  work: Work,
  { code, verdict }: Program,
  iteration: number,
): Promise<Pick<Work, "code" | "tests"> | undefined> {
  const named = sayingsOf(work, verdict).flatMap(([name, came]) => (came === undefined ? [] : name));
  const gone: string[] = [];
  const tests = named.reduce((files: readonly SourceFile[], name) => {
    const left = withoutTest(work, files, name);
    if (left !== files) gone.push(name);
    return left;
  }, work.tests);
  if (gone.length === 0) return undefined;
  const told = `no tests any more, because ${BELIEVED} programs that pass all acceptance cases say otherwise: ${gone.join("; ")}`;
  asking.steps.note("test_reconsideration", "completed", told);
  if (testsIn(work, [...tests]).ok) return { code, tests: [...tests] };
  const draw = { temperature: OTHER_TESTS_TEMPERATURE, seed: iteration };
  return { code, tests: (await generateTests(asking, { ...work, code, tests: [] }, draw)).tests };
}

/** The same files where not exactly one test has that name: which of them it was nobody knows. */
function withoutTest({ language }: Work, files: readonly SourceFile[], name: string): readonly SourceFile[] {
  const holding = files.filter(({ content }) => language.withoutTest(content, name) !== undefined);
  if (holding.length !== 1) return files;
  return files.map((file) => ({ ...file, content: language.withoutTest(file.content, name) ?? file.content }));
}
