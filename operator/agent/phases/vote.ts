import type { SourceFile } from "@leanvibe/schema";
import type { Asking } from "../answers/ask.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { isDoubtful } from "../verdict.ts";
import { casesFiles } from "./cases.ts";
import { anotherCode } from "./code.ts";
import { type Verdict, validate } from "./validation.ts";
import type { Work } from "./work.ts";

/** Programs that one correction tries. */
export const PROGRAMS = 5;
/** So many that say the same of every test are believed, whatever the model wrote down as its result. */
export const BELIEVED = 3;

export type Bench = { asking: Asking; sandbox: Sandbox };
export type Fault = { verdict: Verdict; iteration: number };
export type Program = Pick<Work, "code" | "tests"> & { verdict: Verdict };
/** What the model was asked for once more; "same" is the present program word for word. */
type Drawn = Program | "same" | undefined;

/**
 * Only tests that the model made up speak against the program, and what a small model writes down as a result is wrong more
 * often than its code is. So the task is asked anew, by who sees neither: a program that passes all of them ends it, and
 * so do {@link BELIEVED} answers that say alike of every test.
 * @param saying what a program says by the tests that it fails, as one text
 * @returns the program that passes, or those that agree; of neither how many had a vote, as nobody knows then
 */
export async function voted(
  bench: Bench,
  work: Work,
  { verdict, iteration }: Fault,
  saying: (verdict: Verdict) => string,
): Promise<{ passes: Program } | { camp: readonly [Program, ...Program[]] } | { voters: number }> {
  // A server that knows one answer alone to whatever seed says nothing by it. Of a function its word is taken all the same.
  const distinct = work.profile.name === "function" ? 1 : 2;
  const present: Program = { code: work.code, tests: work.tests, verdict };
  const voters = [present];
  for (let draw = 0; draw < PROGRAMS - 1; draw += 1) {
    // Of a project it is written afresh only where it does not see what is there.
    const program = await tried(bench, work, await anotherCode(bench.asking, unseen(work), iteration * 10 + draw));
    // Who writes the same once more, though another answer was as welcome, says the same.
    const voter = program === "same" ? present : program;
    if (voter === undefined) continue;
    if (passes(voter.verdict)) return { passes: voter };
    if (!isDoubtful(voter.verdict.findings)) continue;
    voters.push(voter);
    const [first, ...others] = largestCamp(voters, saying);
    if (first !== undefined && others.length + 1 >= BELIEVED && textsOf([first, ...others]) >= distinct) {
      return { camp: [first, ...others] };
    }
  }
  return { voters: voters.length };
}

const unseen = (work: Work): Work => ({ ...work, code: [] });

/** What it does is right by all that is known; at most more of it is to be reached, or it is to be made neater. */
function passes({ findings }: Verdict): boolean {
  return findings.every(({ kind }) => kind === "coverage" || kind === "quality");
}

/** Those that say the same; of camps of the same size the one that was there first. */
function largestCamp(programs: readonly Program[], saying: (verdict: Verdict) => string): readonly Program[] {
  const camps = [...Map.groupBy(programs, ({ verdict }) => saying(verdict)).values()];
  return camps.reduce((largest, camp) => (camp.length > largest.length ? camp : largest));
}

/** How many of them are different texts. */
function textsOf(programs: readonly Program[]): number {
  return new Set(programs.map(({ code }) => JSON.stringify(code))).size;
}

/** Run against the same tests; undefined for what is no such program. */
export async function tried({ asking, sandbox }: Bench, work: Work, code: SourceFile[]): Promise<Drawn> {
  const isFunction = work.profile.name === "function";
  if (isFunction ? !work.language.symbols(code).includes(work.task.title) : code.length === 0) return undefined;
  if (code.some(({ content }) => work.code.some((one) => one.content === content))) return "same";
  const tests = isFunction ? casesFiles({ ...work, code }) : work.tests;
  return { code, tests, verdict: await validate(sandbox, asking.steps, { ...work, code, tests }) };
}
