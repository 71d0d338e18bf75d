import type { Attempt } from "./attempt.ts";

/** What a run shows, with the model that answered: a figure without it is worth nothing. */
export function summaryOf(attempts: readonly Attempt[]): string {
  const total = attempts.length;
  const count = (test: (one: Attempt) => boolean) => attempts.filter(test).length;
  const sum = (value: (one: Attempt) => number) => Math.round(attempts.reduce((all, one) => all + value(one), 0));
  const succeeded = count(({ result }) => result === "Succeeded");
  const rightly = count(({ result, solved }) => result === "Succeeded" && solved);
  const models = [...new Set(attempts.map(({ model }) => model))].join(", ");
  const estimated = attempts.some((one) => one.estimated) ? " (some estimated)" : "";
  const lines = [
    `model                          ${models}`,
    `problems                       ${total}`,
    `solved by the agent            ${shareOf(
      count(({ solved }) => solved),
      total,
    )}`,
    `solved by the model in one go  ${shareOf(
      count(({ bareSolved }) => bareSolved),
      total,
    )}`,
    `gained by the agent            ${count((one) => one.solved && !one.bareSolved)}, lost ${count((one) => !one.solved && one.bareSolved)}`,
    `the agent said Succeeded       ${shareOf(succeeded, total)}`,
    `of which hidden tests pass     ${shareOf(rightly, succeeded)}`,
    `tokens                         ${sum(({ tokens }) => tokens)} by the agent, ${sum(({ bareTokens }) => bareTokens)} in one go${estimated}`,
    `seconds                        ${sum(({ seconds }) => seconds)} by the agent, ${sum(({ bareSeconds }) => bareSeconds)} in one go`,
  ];
  return lines.some((line) => line.startsWith("model") && line.includes("scripted"))
    ? [...lines, "A scripted model answered: this says nothing about any model."].join("\n")
    : lines.join("\n");
}

function shareOf(part: number, whole: number): string {
  return `${part} of ${whole}${whole === 0 ? "" : ` (${Math.round((part / whole) * 100)} %)`}`;
}
