import type { Attempt } from "./record.ts";

/** What a run shows, as numbers. */
export type Figures = {
  /** Which answered, and which versions of the agent asked: more than one means that the figures mix them. */
  models: string[];
  agents: { version: string; problems: number }[];
  problems: number;
  solved: number;
  /** By the model in one go. */
  bareSolved: number;
  gained: number;
  lost: number;
  saidSucceeded: number;
  /** Of those, the ones whose hidden tests pass. */
  rightlySucceeded: number;
  tokens: number;
  bareTokens: number;
  seconds: number;
  bareSeconds: number;
  estimated: boolean;
};

export function figuresOf(attempts: readonly Attempt[]): Figures {
  const count = (test: (one: Attempt) => boolean) => attempts.filter(test).length;
  const sum = (value: (one: Attempt) => number) => Math.round(attempts.reduce((all, one) => all + value(one), 0));
  return {
    models: [...new Set(attempts.map(({ model }) => model))],
    agents: [...new Set(attempts.map(({ agent }) => agent))].map((version) => ({
      version,
      problems: count(({ agent }) => agent === version),
    })),
    problems: attempts.length,
    solved: count(({ solved }) => solved),
    bareSolved: count(({ bareSolved }) => bareSolved),
    gained: count((one) => one.solved && !one.bareSolved),
    lost: count((one) => !one.solved && one.bareSolved),
    saidSucceeded: count(({ result }) => result === "Succeeded"),
    rightlySucceeded: count(({ result, solved }) => result === "Succeeded" && solved),
    tokens: sum(({ tokens }) => tokens),
    bareTokens: sum(({ bareTokens }) => bareTokens),
    seconds: sum(({ seconds }) => seconds),
    bareSeconds: sum(({ bareSeconds }) => bareSeconds),
    estimated: attempts.some(({ estimated }) => estimated),
  };
}

/** A scripted model calls itself so: what it answers says nothing about any model. */
export function isScripted({ models }: Figures): boolean {
  return models.some((model) => model.startsWith("scripted"));
}

/** What a run shows, with the model that answered: a figure without it is worth nothing. */
export function summaryOf(attempts: readonly Attempt[]): string {
  const figures = figuresOf(attempts);
  const { problems, solved, bareSolved, saidSucceeded, tokens, bareTokens } = figures;
  const estimated = figures.estimated ? " (some estimated)" : "";
  const versions = figures.agents.map(({ version, problems: of }) => `${version} (${of})`).join(", ");
  const lines = [
    `model                          ${figures.models.join(", ")}`,
    `version of the agent           ${versions}${figures.agents.length > 1 ? ": these figures mix them" : ""}`,
    `problems                       ${problems}`,
    `solved by the agent            ${shareOf(solved, problems)}`,
    `solved by the model in one go  ${shareOf(bareSolved, problems)}`,
    `gained by the agent            ${figures.gained}, lost ${figures.lost}`,
    `the agent said Succeeded       ${shareOf(saidSucceeded, problems)}`,
    `of which hidden tests pass     ${shareOf(figures.rightlySucceeded, saidSucceeded)}`,
    `tokens                         ${tokens} by the agent, ${bareTokens} in one go${estimated}`,
    `tokens per solved problem      ${each(tokens, solved)} by the agent, ${each(bareTokens, bareSolved)} in one go`,
    `seconds                        ${figures.seconds} by the agent, ${figures.bareSeconds} in one go`,
  ];
  return isScripted(figures)
    ? [...lines, "A scripted model answered: this says nothing about any model."].join("\n")
    : lines.join("\n");
}

function shareOf(part: number, whole: number): string {
  return `${part} of ${whole}${whole === 0 ? "" : ` (${Math.round((part / whole) * 100)} %)`}`;
}

function each(all: number, count: number): string {
  return count === 0 ? "none" : String(Math.round(all / count));
}
