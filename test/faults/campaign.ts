import { Finished } from "./finished.ts";
import { type Plan, wordsOf } from "./plan.ts";
import { type Report, type Told, verdictOf } from "./results.ts";
import type { Suite } from "./suite.ts";

/** Plans by family, with how many there are. */
export type Chosen = ReadonlyMap<string, { plans: readonly Plan[]; of: number }>;

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Runs them family by family, but for what was finished before; tells of each as it ends, and how far it is. */
export async function campaign(
  suite: Suite,
  chosen: Chosen,
  { slots, finished = new Finished() }: { slots: number; finished?: Finished },
): Promise<Report> {
  const families: Report["families"] = new Map();
  const total = [...chosen.values()].reduce((sum, { plans }) => sum + plans.length, 0);
  let done = 0;
  for (const [family, { plans, of }] of chosen) {
    const since = performance.now();
    const before = plans.flatMap((plan) => finished.plan(family, plan) ?? []);
    const left = plans.filter((plan) => finished.plan(family, plan) === undefined);
    done += before.length;
    const outcomes = await suite.run(left, (outcome) => {
      done += 1;
      finished.ran(family, outcome);
      tell(outcome, `${done}/${total}`);
    });
    const all = [...before, ...outcomes];
    families.set(family, { outcomes: all, of });
    const count = (verdict: string) => all.filter((one) => verdictOf(one) === verdict).length;
    const each = ((performance.now() - since) / 1000 / Math.max(1, left.length)).toFixed(1);
    say(
      `${family}: ${plans.length} of ${of} plans, ${count("held")} held, ${count("diverged")} diverged, ${count("not reached")} not reached; ${each} s a plan, ${slots} at once`,
    );
  }
  const seconds = [...families.values()].flatMap(({ outcomes }) => outcomes.map((one) => one.seconds));
  // By what each took, whenever that was: a part may be of a run that ended earlier.
  return { slots, minutes: seconds.reduce((sum, one) => sum + one, 0) / slots / 60, families };
}

function tell(outcome: Told, progress: string): void {
  const { plan, convergedSeconds, seconds, divergences } = outcome;
  const times = `${seconds.toFixed(1)} s, converged after ${convergedSeconds.toFixed(1)} s`;
  say(`${progress}  ${verdictOf(outcome)}  ${wordsOf(plan)}  (${times})`);
  if (divergences.length === 0) return;
  for (const divergence of divergences) say(`    ${divergence}`);
  say(`    replay: ${JSON.stringify(plan)}`);
}
