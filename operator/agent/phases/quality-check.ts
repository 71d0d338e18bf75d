import { type Measured, QUALITY_BAR, qualityScore } from "../quality.ts";
import type { Steps } from "../steps.ts";
import { type Finding, lintText } from "./validation.ts";
import type { Profile } from "./work.ts";

/**
 * The last look: is what was measured good enough to be handed out? A finding goes back into a correction.
 * @param lint what the linter says, where it says something
 */
export function qualityFindings(
  steps: Steps,
  measured: Measured,
  { coverageBar }: Profile,
  lint: string | undefined,
): Finding[] {
  const score = qualityScore(measured, coverageBar);
  const findings = score === undefined || score < QUALITY_BAR ? [finding(score, measured, lint)] : [];
  const told = `quality score ${score ?? "unknown"} of at least ${QUALITY_BAR}: ${JSON.stringify(measured)}`;
  steps.note("quality_check", findings.length === 0 ? "completed" : "failed", told);
  return findings;
}

function finding(score: number | undefined, { documented, examples }: Measured, lint: string | undefined): Finding {
  const parts = [
    `It works, but its quality score is ${score ?? 0}; ${QUALITY_BAR} is needed.`,
    ...(documented !== undefined && documented.named < documented.total
      ? [
          `The README leaves out ${documented.total - documented.named} of ${documented.total} exported names and routes.`,
        ]
      : []),
    ...(examples !== undefined && examples.passed < examples.total
      ? [`Of the README ${examples.total - examples.passed} of ${examples.total} examples fail, or are missing.`]
      : []),
    ...(lint === undefined ? [] : [lintText(lint)]),
  ];
  return { kind: "quality", text: parts.join("\n") };
}
