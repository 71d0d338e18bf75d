import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Plan } from "./plan.ts";
import { type Told, verdictOf } from "./results.ts";
import type { Finding } from "./trials/trial.ts";

/** One line of the file. */
type Line = { family: string; told: Told } | { trial: string; findings: Finding[]; minutes: number };

/**
 * What a run that takes hours has done so far, in a file of lines: the next run with the same file goes on there. What did
 * not hold, or was not reached, does not count as done: it is tried again.
 */
export class Finished {
  readonly #file: string | undefined;
  readonly #plans = new Map<string, Told>();
  readonly #trials = new Map<string, { findings: Finding[]; minutes: number }>();

  /** Without a file nothing is kept. */
  constructor(file?: string) {
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    const lines = readFileSync(file, "utf8").split("\n");
    for (const text of lines.filter((one) => one !== "")) {
      const line: Line = JSON.parse(text);
      if (!("family" in line)) {
        if (line.findings.every(({ holds }) => holds)) this.#trials.set(line.trial, line);
      } else if (verdictOf(line.told) === "held") this.#plans.set(keyOf(line.family, line.told.plan), line.told);
    }
  }

  get size(): number {
    return this.#plans.size + this.#trials.size;
  }

  plan(family: string, plan: Plan): Told | undefined {
    return this.#plans.get(keyOf(family, plan));
  }

  trial(name: string): { findings: Finding[]; minutes: number } | undefined {
    return this.#trials.get(name);
  }

  ran(family: string, { plan, reached, convergedSeconds, seconds, divergences }: Told): void {
    const told = { plan, reached, convergedSeconds, seconds, divergences };
    this.#plans.set(keyOf(family, plan), told);
    this.#write({ family, told });
  }

  tried(trial: string, findings: Finding[], minutes: number): void {
    this.#trials.set(trial, { findings, minutes });
    this.#write({ trial, findings, minutes });
  }

  #write(line: Line): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function keyOf(family: string, plan: Plan): string {
  return `${family} ${JSON.stringify(plan)}`;
}
