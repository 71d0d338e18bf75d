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
 * @param undecided tests of which programs were asked in vain, which this adds to: asked once more they would say no more
 * @returns undefined where that is not so, or they do not agree
 */
export async function withoutRefuted(
  bench: Bench,
  work: Work,
  fault: Fault,
  undecided: Set<string>,
): Promise<Partial<Work> | undefined> {
  const asked = JSON.stringify(work.tests);
  if (undecided.has(asked) || !isRefutable(work, fault.verdict)) return undefined;
  const said = await voted(bench, work, fault, (verdict) => JSON.stringify(sayingsOf(work, verdict)));
  if ("passes" in said) return { code: said.passes.code, tests: said.passes.tests };
  const left = "camp" in said ? await leftOut(bench, work, said.camp[0], fault.iteration) : undefined;
  if (left !== undefined) return left;
  undecided.add(asked);
  const told = `no test is left out: no ${BELIEVED} programs that pass all acceptance cases say the same of one that can be`;
  bench.asking.steps.note("test_reconsideration", "failed", told);
  return undefined;
}

/** Of several files each answer would be long, and without acceptance cases nothing but the tests holds the code to the task. */
function isRefutable(work: Work, verdict: Verdict): boolean {
  const isJudged = isOwn(work) && work.code.length === 1 && work.task.acceptance.length > 0;
  return isJudged && isDoubtful(verdict.findings) && sayingsOf(work, verdict).some(([, came]) => came !== undefined);
}

/** Each failed test with what came instead; without it where none can be seen, of which nobody knows whether it was meant. */
function sayingsOf({ language }: Work, { failures }: Verdict): (readonly [string, string | undefined])[] {
  return failures
    .map(({ name, detail }) => [name, language.cameIn(detail)] as const)
    .toSorted(([a], [b]) => a.localeCompare(b));
}

async function leftOut(
  { asking }: Bench,
  work: Work,
  { code, verdict }: Program,
  iteration: number,
): Promise<Partial<Work> | undefined> {
  const sayings = sayingsOf(work, verdict);
  const byName = Map.groupBy(sayings, ([name]) => name);
  const gone: string[] = [];
  let tests: SourceFile[] = work.tests;
  for (const [name, of] of byName) {
    // What ran more than once under one name is more than one test.
    const left = of.length === 1 && of[0]?.[1] !== undefined ? work.language.withoutTest(tests, name) : undefined;
    if (left === undefined) continue;
    tests = left;
    gone.push(name);
  }
  if (gone.length === 0) return undefined;
  const draw = { temperature: OTHER_TESTS_TEMPERATURE, seed: iteration };
  if (!testsIn(work, tests).ok) ({ tests } = await generateTests(asking, { ...work, code, tests: [] }, draw));
  if (tests.length === 0) return undefined;
  const told = `no tests any more, because ${BELIEVED} programs that pass all acceptance cases say otherwise: ${gone.join("; ")}`;
  asking.steps.note("test_reconsideration", "completed", told);
  return { code, tests, refuted: [...work.refuted, ...gone] };
}
