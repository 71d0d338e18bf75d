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
const OTHER_CASES_TEMPERATURE = 0.6;

type Bench = { asking: Asking; sandbox: Sandbox };
type Fault = { findings: readonly Finding[]; failures: readonly string[]; iteration: number };
type Program = Pick<Work, "code" | "tests"> & { verdict: Verdict };
/** What the model was asked for once more; "same" is the present program word for word. */
type Drawn = Program | "same" | undefined;

/**
 * One correction of a single function. What the task's examples and the compiler say is true; the calls that the model made
 * up are only as good as the model.
 * @returns undefined when nothing usable came.
 */
export async function correctFunction(bench: Bench, work: Work, fault: Fault): Promise<Partial<Work> | undefined> {
  if (isDoubtful(fault.findings)) {
    // Nothing stands for or against this code.
    if (work.tests.length === 0) return otherCases(bench, work, fault.iteration);
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
  // Who writes the same once more, though another answer was as welcome, says the same of its calls.
  const { findings, failures } = second === "same" ? fault : second.verdict;
  if (second !== "same" && findings.length === 0) return { code: second.code, tests: second.tests };
  if (!isDoubtful(findings)) return undefined;
  const left = withoutRefuted(bench.asking, work, fault.failures, failures);
  if (left?.tests.length !== 0) return left;
  return (await otherCases(bench, { ...work, ...left }, fault.iteration)) ?? left;
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
  return (await correct(asking, work, fault.findings, fault.iteration))?.code ?? [];
}

/** Run against the same tests; undefined for what is no such function. */
async function tried({ asking, sandbox }: Bench, work: Work, code: SourceFile[]): Promise<Drawn> {
  if (!work.language.symbols(code).includes(work.task.title)) return undefined;
  if (code.some(({ content }) => work.code.some((one) => one.content === content))) return "same";
  const tests = casesFiles({ ...work, code });
  return { code, tests, verdict: await validate(sandbox, asking.steps, { ...work, code, tests }) };
}
