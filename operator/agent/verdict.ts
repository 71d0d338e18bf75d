import type { AgentReason } from "@leanvibe/schema";
import { BudgetExceeded, ContextLengthExceeded, ModelRefused, RateLimited } from "./model/errors.ts";
import type { Finding, FindingKind } from "./phases/validation.ts";
import type { Profile } from "./phases/work.ts";
import type { Measured } from "./quality.ts";
import { SandboxGone, SandboxRefused } from "./sandbox/index.ts";
import { type Outcome, outcomeOf, type State } from "./state.ts";

/** The reason that a fault gives to a task which ends with it; the first that applies is the one that is told. */
const REASONS: readonly (readonly [FindingKind, AgentReason])[] = [
  ["package", "PackageUnavailable"],
  ["missing", "ValidationFailed"],
  ["memory", "SandboxOOMKilled"],
  ["check", "IterationsExhausted"],
  ["examples", "IterationsExhausted"],
  ["tests", "IterationsExhausted"],
  ["acceptance", "AcceptanceFailed"],
  ["coverage", "QualityTooLow"],
  ["quality", "QualityTooLow"],
];

/** How far from done: what does not compile is further than what fails a test. Lower is better. */
const WEIGHTS: Readonly<Record<FindingKind, number>> = {
  missing: 1e9,
  package: 1e8,
  check: 1e7,
  memory: 5e6,
  examples: 1e6,
  acceptance: 1e4,
  tests: 100,
  coverage: 10,
  quality: 1,
};

/** Ends that say what to do more exactly than that it went in circles does. */
const MORE_THAN_STALLED: ReadonlySet<AgentReason> = new Set(["SandboxOOMKilled"]);

/** Work that failed: why, and each fault as an issue. */
export function failedOutcome(findings: readonly Finding[], state: State, stalled: string | undefined): Outcome {
  const kinds = new Set(findings.map(({ kind }) => kind));
  const reason = REASONS.find(([kind]) => kinds.has(kind))?.[1] ?? "ValidationFailed";
  const issues = [
    ...findings.map(({ text }) => text.replace(/\s+/g, " ")),
    ...(state.measured.acceptance?.failed.map((name) => `acceptance case fails: ${name}`) ?? []),
  ];
  const tries = `${state.iterations} of ${state.work.task.maxIterations} corrections`;
  if (stalled === undefined) return outcomeOf("Failed", reason, `it still fails after ${tries}`, issues);
  const told = MORE_THAN_STALLED.has(reason) ? reason : "Stalled";
  return outcomeOf("Failed", told, `${stalled}, after ${tries}`, issues);
}

/** Do only tests that the model made up speak against the code? What a linter says comes along, and decides nothing. */
export function isDoubtful(findings: readonly Finding[]): boolean {
  return findings.every(({ kind }) => kind === "tests" || kind === "quality");
}

/**
 * How far the work is from done. Of a single function the calls that the model made up count for all or nothing: a program
 * that passes more of them is not the better one for it, and the first is the model's likeliest.
 */
export function rankOf(findings: readonly Finding[], { tests, acceptance }: Measured, { name }: Profile): number {
  if (name === "function" && findings.length > 0 && isDoubtful(findings)) return WEIGHTS.tests;
  const kinds = new Set(findings.map(({ kind }) => kind));
  const heaviest = [...kinds].reduce((sum, kind) => sum + WEIGHTS[kind], 0);
  return heaviest + (acceptance?.failed.length ?? 0) * WEIGHTS.tests + (tests?.failed ?? 0);
}

/** Ends that are final although nothing was decided about the work; undefined for what a new pod may do better. */
export function finalOutcomeOf(error: unknown): Outcome | undefined {
  if (error instanceof BudgetExceeded) return outcomeOf("BudgetExceeded", "BudgetExceeded", error.message);
  if (error instanceof ContextLengthExceeded) return outcomeOf("Failed", "ContextLengthExceeded", error.message);
  if (error instanceof SandboxGone || error instanceof SandboxRefused) {
    return outcomeOf("Failed", "SandboxFailed", error.message);
  }
  if (error instanceof ModelRefused) return outcomeOf("Failed", "ModelRefused", error.message);
  if (error instanceof RateLimited) return outcomeOf("Failed", "RateLimited", error.message);
  return undefined;
}
