import type { AgentVerification } from "@leanvibe/schema";

/** What was measured; what was not is not there. Runner reports come from beside the code: they make a score, no proof. */
export type Measured = {
  /** Does it compile, or pass the type check? */
  checked?: boolean;
  /** Lines of the linter's findings. */
  lintFindings?: number;
  tests?: { total: number; passed: number; failed: number };
  coverage?: number;
  /** Judged outside of the process that ran the code. */
  acceptance?: { total: number; passed: number; failed: string[] };
  /** Exported names and routes, and how many of them the README names. */
  documented?: { total: number; named: number };
  /** Examples of the README that were run; where it has none for what is exported, one that was missed. */
  examples?: { total: number; passed: number };
};

type Part = { weight: number; share: number | undefined };

/**
 * Below it work is not handed out as done. Work whose tests are green and reach enough has at least 70 (77 with acceptance
 * cases); what it gains above that are a linter that is content, a README that names everything, and examples that run. Of
 * what exports something one of the three is needed.
 */
export const QUALITY_BAR = 80;

/**
 * 0 to 100: the weighted mean of what was measured. Undefined without a single test, because nothing else shows that the
 * code does anything.
 */
export function qualityScore(measured: Measured, coverageBar = 90): number | undefined {
  const { tests, coverage, acceptance } = measured;
  if (tests === undefined || tests.total === 0) return undefined;
  const parts: Part[] = [
    { weight: 35, share: tests.passed / tests.total },
    { weight: 20, share: coverage === undefined ? undefined : Math.min(1, coverage / coverageBar) },
    { weight: 15, share: measured.checked === undefined ? undefined : Number(measured.checked) },
    // Each finding costs a fifth: ten of them are as bad as five.
    { weight: 10, share: measured.lintFindings === undefined ? undefined : Math.max(0, 1 - measured.lintFindings / 5) },
    { weight: 30, share: ratio(acceptance?.passed, acceptance?.total) },
    { weight: 10, share: ratio(measured.documented?.named, measured.documented?.total) },
    { weight: 10, share: ratio(measured.examples?.passed, measured.examples?.total) },
  ];
  const known = parts.flatMap(({ weight, share }) => (share === undefined ? [] : [{ weight, share }]));
  const weights = known.reduce((sum, { weight }) => sum + weight, 0);
  return Math.round((known.reduce((sum, { weight, share }) => sum + weight * share, 0) / weights) * 100);
}

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole === 0 ? undefined : part / whole;
}

/** The measured figures as the report says them; undefined before the first test run. */
export function verificationOf(measured: Measured, coverageBar?: number): AgentVerification | undefined {
  const { tests, coverage, acceptance } = measured;
  if (tests === undefined && acceptance === undefined) return undefined;
  const score = qualityScore(measured, coverageBar);
  return {
    testsTotal: tests?.total ?? 0,
    testsPassed: tests?.passed ?? 0,
    testsFailed: tests?.failed ?? 0,
    ...(coverage === undefined ? {} : { coverage }),
    ...(score === undefined ? {} : { qualityScore: score }),
    ...(acceptance === undefined ? {} : { acceptance: { ...acceptance, failed: acceptance.failed.slice(0, 10) } }),
  };
}
