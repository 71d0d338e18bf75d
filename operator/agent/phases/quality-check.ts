import { type Measured, QUALITY_BAR, qualityScore } from "../quality.ts";
import type { Steps } from "../steps.ts";
import type { Finding } from "./validation.ts";
import type { Profile } from "./work.ts";

/** The last look: is what was measured good enough to be handed out? A finding goes back into a correction. */
export function qualityFindings(steps: Steps, measured: Measured, { coverageBar }: Profile): Finding[] {
  const score = qualityScore(measured, coverageBar);
  const findings = score === undefined || score < QUALITY_BAR ? [finding(score, measured)] : [];
  const told = `quality score ${score ?? "unknown"} of at least ${QUALITY_BAR}: ${JSON.stringify(measured)}`;
  steps.note("quality_check", findings.length === 0 ? "completed" : "failed", told);
  return findings;
}

function finding(score: number | undefined, { lintFindings = 0, documented }: Measured): Finding {
  const parts = [
    ...(lintFindings > 0 ? [`the linter has ${lintFindings} findings`] : []),
    ...(documented !== undefined && documented.named < documented.total ? ["the README leaves names out"] : []),
  ];
  return { kind: "quality", text: `The quality score is ${score ?? 0}; ${QUALITY_BAR} is needed. ${parts.join("; ")}` };
}
