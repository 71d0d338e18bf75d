import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { PACE } from "./leadership.ts";
import { wordsOf } from "./plan.ts";
import type { Outcome } from "./run.ts";
import type { Finding } from "./trials/trial.ts";

export const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));

const HEAD = `# Results of the fault plans

The last runs of \`npm run faults\`: of the plans with --all or --keep, of a trial at its full size or with --keep. Written by it, never edited.
`;

export type Report = {
  slots: number;
  minutes: number;
  families: Map<string, { outcomes: readonly Told[]; of: number }>;
};

/** What is kept of a run. */
export type Told = Pick<Outcome, "plan" | "reached" | "convergedSeconds" | "seconds" | "divergences">;

/** How it ended, for people. */
export function verdictOf({ divergences, reached }: Told): "diverged" | "held" | "not reached" {
  if (divergences.length > 0) return "diverged";
  return reached ? "held" : "not reached";
}

/** Puts what was found in the place of what this command found before. */
export function writeResults(heading: string, text: string): void {
  const sections = existsSync(RESULTS) ? sectionsOf(readFileSync(RESULTS, "utf8")) : new Map<string, string>();
  sections.set(heading, `${circumstances()}\n${text.trim()}\n`);
  writeFileSync(RESULTS, [HEAD, ...[...sections].map(([name, body]) => `## ${name}\n\n${body.trim()}\n`)].join("\n"));
}

/** By heading, in their order. */
export function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf("\n");
      return [part.slice(0, end).trim(), part.slice(end + 1)];
    }),
  );
}

export function plansText({ slots, minutes, families }: Report): string {
  const rows = [...families].map(([family, { outcomes, of }]) => {
    const count = (verdict: string) => outcomes.filter((one) => verdictOf(one) === verdict).length;
    const slowest = Math.max(0, ...outcomes.map(({ convergedSeconds }) => convergedSeconds)).toFixed(1);
    return `| ${family} | ${of} | ${outcomes.length} | ${count("held")} | ${count("diverged")} | ${count("not reached")} | ${slowest} s |`;
  });
  const diverged = [...families.values()]
    .flatMap(({ outcomes }) => outcomes)
    .filter((one) => verdictOf(one) === "diverged");
  const details = diverged.map(
    ({ plan, divergences }) =>
      `\n#### ${wordsOf(plan)}\n\n\`\`\`json\n${JSON.stringify(plan)}\n\`\`\`\n\n\`\`\`\n${divergences.join("\n")}\n\`\`\`\n`,
  );
  const pace = [PACE.leaseSeconds, PACE.renewDeadlineSeconds, PACE.retrySeconds].join("/");
  return `- ${slots} plans side by side, Lease ${pace} s, ${minutes.toFixed(0)} minutes

| Family | Plans | Run | Held | Diverged | Not reached | Slowest to converge |
|---|---|---|---|---|---|---|
${rows.join("\n")}

A plan is not reached where its event did not come to pass in three tries: an interim status more or less, two writes in one.

### Divergences
${details.length === 0 ? "\nNone.\n" : details.join("")}`;
}

export function findingsText(findings: readonly Finding[], minutes: number): string {
  const rows = findings.map(
    ({ what, value, bar, holds }) => `| ${what} | ${value} | ${bar} | ${holds ? "yes" : "no"} |`,
  );
  return `- ${minutes.toFixed(0)} minutes

| What | Found | Bar | Holds |
|---|---|---|---|
${rows.join("\n")}
`;
}

function circumstances(): string {
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `- Date: ${date} UTC, commit ${commit()}\n- Machine: ${machine}, Node ${process.versions.node}`;
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
}
