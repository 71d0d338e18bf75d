import type { SourceFile } from "@leanvibe/schema";
import { isDoubtful, rankOf } from "../verdict.ts";
import { answersIn, casesFiles, generateCases } from "./cases.ts";
import { anotherCode } from "./code.ts";
import { correct } from "./correction.ts";
import { BELIEVED, type Bench, type Fault, PROGRAMS, type Program, tried, voted } from "./vote.ts";
import type { Work } from "./work.ts";

/** With fewer calls left that speak for a program others are asked for. */
const FEWEST_CASES = 3;
const OTHER_CASES_TEMPERATURE = 0.6;

/**
 * One correction of a single function. What the task's examples and the compiler say is true; the calls that the model made
 * up are only as good as the model.
 * @returns undefined when nothing usable came.
 */
export async function correctFunction(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  if (!isDoubtful(fault.verdict.findings)) return bestOfSeveral(bench, work, fault);
  // Nothing stands for or against this code.
  if (work.tests.length === 0) return withOtherCases(bench, work, fault.iteration);
  return agreed(bench, work, fault);
}

/** What there is and calls that were not thought of before; undefined where none come. */
async function withOtherCases({ asking }: Bench, work: Work, seed: number): Promise<Partial<Work> | undefined> {
  const made = await generateCases(asking, work, { temperature: OTHER_CASES_TEMPERATURE, seed });
  const known = new Set(work.cases.map(({ call }) => call));
  const cases = [...work.cases, ...made.cases.filter(({ call }) => !known.has(call))];
  return cases.length > work.cases.length ? { cases, tests: casesFiles({ ...work, cases }) } : undefined;
}

/**
 * What three answers say alike of every call that the model made up is believed, and no more is asked of them than that.
 * Where no three agree nobody knows.
 */
async function agreed(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  const said = await voted(bench, work, fault, ({ failures }) =>
    JSON.stringify([...answersIn(failures)].toSorted(([a], [b]) => a - b)),
  );
  if ("passes" in said) return { code: said.passes.code, tests: said.passes.tests };
  if ("camp" in said) return believed(bench, work, said.camp[0], fault.iteration);
  const told = `${said.voters} programs say different things of the calls, so that none is believed`;
  bench.asking.steps.note("test_reconsideration", "failed", told);
  return { code: work.code, tests: work.tests };
}

/**
 * The camp's first program, without the cases that it refutes by other values: that it fails at one with an error says
 * nothing of the case. With others where hardly any are left.
 */
async function believed(bench: Bench, work: Work, program: Program, iteration: number): Promise<Partial<Work>> {
  const answers = answersIn(program.verdict.failures);
  const refuted = work.cases.filter((_one, at) => answers.get(at) !== undefined);
  const calls = refuted.map(({ call, result }) => `${call} == ${result}`).join("; ");
  const told = `no tests any more, because ${BELIEVED} programs say otherwise: ${calls || "none"}`;
  bench.asking.steps.note("test_reconsideration", "completed", told);
  const cases = work.cases.filter((one) => !refuted.includes(one));
  const known = { code: program.code, cases, refuted: [...work.refuted, ...refuted.map(({ call }) => call)] };
  const left = { ...work, ...known };
  const more = cases.length < FEWEST_CASES ? await withOtherCases(bench, left, iteration) : undefined;
  return { ...known, tests: casesFiles(left), ...more };
}

/**
 * The present program corrected by what came of it, and the task asked anew: a small model that is shown its own program
 * mostly writes it once more, and of several that it writes afresh one is often right. Running them tells which.
 */
async function bestOfSeveral(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  const programs: Program[] = [];
  let isSame = false;
  for (let draw = 0; draw < PROGRAMS; draw += 1) {
    const program = await tried(bench, work, await drawn(bench, work, fault, draw));
    isSame ||= program === "same";
    if (program === undefined || program === "same") continue;
    programs.push(program);
    if (isDoubtful(program.verdict.findings)) break;
  }
  const rankIn = ({ verdict: { findings, measured } }: Program) => rankOf(findings, measured, work.profile);
  const [best] = programs.toSorted((a, b) => rankIn(a) - rankIn(b));
  if (best !== undefined) return { code: best.code, tests: best.tests };
  // The same files once more: who sees what was tried says that it goes in circles.
  return isSame ? { code: work.code, tests: work.tests } : undefined;
}

async function drawn({ asking }: Bench, work: Work, fault: Fault, draw: number): Promise<SourceFile[]> {
  if (draw > 0) return anotherCode(asking, work, fault.iteration * 10 + draw);
  return (await correct(asking, work, fault.verdict.findings, fault.iteration))?.code ?? [];
}
