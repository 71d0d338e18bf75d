import type { SourceFile } from "@leanvibe/schema";
import type { Asking } from "../answers/ask.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { isDoubtful, rankOf } from "../verdict.ts";
import { casesFiles, generateCases, withoutRefuted } from "./cases.ts";
import { anotherCode } from "./code.ts";
import { correct } from "./correction.ts";
import { type Finding, type Verdict, validate } from "./validation.ts";
import type { Work } from "./work.ts";

/** Programs that one correction tries. */
const PROGRAMS = 3;
/** So many corrections begin with a second opinion; one of a small model may be worth nothing. */
const SECOND_OPINIONS = 2;
const OTHER_CASES_TEMPERATURE = 0.6;

type Bench = { asking: Asking; sandbox: Sandbox };
type Fault = { findings: readonly Finding[]; failures: readonly string[]; iteration: number };
type Program = Pick<Work, "code" | "tests"> & { verdict: Verdict };

/**
 * One correction of a single function. What the task's examples and the compiler say is true; the calls that the model made
 * up are only as good as the model.
 * @returns undefined when nothing usable came.
 */
export async function correctFunction(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  // Nothing stands for or against this code.
  if (work.tests.length === 0 && work.code.length > 0) return otherCases(bench, work, fault.iteration);
  if (work.cases.length > 0 && isDoubtful(fault.findings) && fault.iteration <= SECOND_OPINIONS) {
    const changed = await heldAgainstSecond(bench, work, fault);
    if (changed !== undefined) return changed;
  }
  return bestOfSeveral(bench, work, fault);
}

async function otherCases({ asking }: Bench, work: Work, seed: number): Promise<Partial<Work> | undefined> {
  const made = await generateCases(asking, work, { temperature: OTHER_CASES_TEMPERATURE, seed });
  return made.tests.length > 0 ? made : undefined;
}

async function heldAgainstSecond(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  const second = await tried(bench, work, await anotherCode(bench.asking, work, fault.iteration * 10));
  if (second === undefined) return undefined;
  const { code, tests, verdict } = second;
  if (verdict.findings.length === 0) return { code, tests };
  if (!isDoubtful(verdict.findings)) return undefined;
  const left = withoutRefuted(bench.asking, work, fault.failures, verdict.failures);
  return left?.tests.length === 0 ? otherCases(bench, { ...work, ...left }, fault.iteration) : left;
}

/**
 * The present program corrected by what came of it, and the task asked anew: a small model that is shown its own program
 * mostly writes it once more, and of several that it writes afresh one is often right. Running them tells which.
 */
async function bestOfSeveral(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  const programs: Program[] = [];
  for (let draw = 0; draw < PROGRAMS; draw += 1) {
    const program = await tried(bench, work, await drawn(bench, work, fault, draw));
    if (program === undefined) continue;
    programs.push(program);
    if (isDoubtful(program.verdict.findings)) break;
  }
  const rankIn = ({ verdict: { findings, measured } }: Program) => rankOf(findings, measured, work.profile);
  const [best] = programs.toSorted((a, b) => rankIn(a) - rankIn(b));
  return best && { code: best.code, tests: best.tests };
}

async function drawn({ asking }: Bench, work: Work, fault: Fault, draw: number): Promise<SourceFile[]> {
  if (draw > 0) return anotherCode(asking, work, fault.iteration * 10 + draw);
  return (await correct(asking, work, fault.findings, fault.iteration))?.code ?? [];
}

/** Run against the same tests; undefined for what is no such function, and for the same once more, which says nothing new. */
async function tried({ asking, sandbox }: Bench, work: Work, code: SourceFile[]): Promise<Program | undefined> {
  if (!work.language.symbols(code).includes(work.task.title)) return undefined;
  if (code.some(({ content }) => work.code.some((one) => one.content === content))) return undefined;
  const tests = casesFiles({ ...work, code });
  return { code, tests, verdict: await validate(sandbox, asking.steps, { ...work, code, tests }) };
}
