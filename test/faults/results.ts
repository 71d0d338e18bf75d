import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { wordsOf } from "./plan.ts";
import type { Outcome } from "./run.ts";

export const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));

export type Report = {
  slots: number;
  minutes: number;
  families: Map<string, { outcomes: readonly Outcome[]; of: number }>;
};

/** How it ended, for people. */
export function verdictOf({ divergences, reached }: Outcome): "diverged" | "held" | "not reached" {
  if (divergences.length > 0) return "diverged";
  return reached ? "held" : "not reached";
}

export function writeResults(report: Report): void {
  writeFileSync(RESULTS, resultsText(report));
}

function resultsText({ slots, minutes, families }: Report): string {
  const rows = [...families].map(([family, { outcomes, of }]) => {
    const count = (verdict: string) => outcomes.filter((one) => verdictOf(one) === verdict).length;
    const slowest = Math.max(0, ...outcomes.map(({ convergedSeconds }) => convergedSeconds)).toFixed(1);
    return `| ${family} | ${of} | ${outcomes.length} | ${count("held")} | ${count("diverged")} | ${count("not reached")} | ${slowest} s |`;
  });
  const diverged = [...families.values()]
    .flatMap(({ outcomes }) => outcomes)
    .filter((one) => verdictOf(one) === "diverged");
  const sections = diverged.map(
    ({ plan, divergences }) =>
      `\n### ${wordsOf(plan)}\n\n\`\`\`json\n${JSON.stringify(plan)}\n\`\`\`\n\n\`\`\`\n${divergences.join("\n")}\n\`\`\`\n`,
  );
  return `# Results of the fault plans

The last run of \`npm run faults\` with --all, or with --keep; written by it, never edited.

- Date: ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, commit ${commit()}
- Machine: ${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}
- ${slots} plans side by side, Lease 4/3/0.3 s, ${minutes.toFixed(0)} minutes

| Family | Plans | Run | Held | Diverged | Not reached | Slowest to converge |
|---|---|---|---|---|---|---|
${rows.join("\n")}

A plan is not reached where its event did not come to pass this time: an interim status more or less, two writes in one.

## Divergences
${sections.length === 0 ? "\nNone.\n" : sections.join("")}`;
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
}
