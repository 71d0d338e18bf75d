import { AGENT_LIMITS, AGENT_STAGES, type AgentReport } from "@leanvibe/schema";
import type { Packed } from "./artifact.ts";
import { verificationOf } from "./quality.ts";
import { cut, type Outcome, type State } from "./state.ts";

export type Saying = {
  podUID: string;
  state: State;
  activity: string;
  artifact: Packed | undefined;
  outcome?: Outcome;
};

/** The report as JSON, within its bound by construction: what is least missed goes first. */
export function reportText(saying: Saying): string {
  let report = reportOf(saying);
  for (;;) {
    const text = JSON.stringify(report);
    if (Buffer.byteLength(text) <= AGENT_LIMITS.reportBytes) return text;
    report = smaller(report);
  }
}

function reportOf({ podUID, state, activity, artifact, outcome }: Saying): AgentReport {
  const { stage, iterations, usage, measured, work } = state;
  const verification = verificationOf(measured, work.profile.coverageBar);
  return {
    version: 1,
    podUID,
    ...(stage === undefined ? {} : { stage }),
    progress: stage === undefined ? 0 : AGENT_STAGES[stage].progress,
    activity: oneLine(activity),
    iterations,
    usage,
    ...(verification === undefined ? {} : { verification }),
    ...(artifact === undefined ? {} : { artifact: { sha256: artifact.sha256, sizeBytes: artifact.sizeBytes } }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function oneLine(text: string): string {
  return cut(
    text
      .replace(/\p{Cc}+/gu, " ")
      .toWellFormed()
      .trim(),
    256,
  );
}

/** 20 issues of 200 characters are 16 KiB where each is of four bytes. */
function smaller(report: AgentReport): AgentReport {
  const { outcome, verification } = report;
  if (outcome !== undefined && outcome.issues.length > 0) {
    return { ...report, outcome: { ...outcome, issues: outcome.issues.slice(0, -1) } };
  }
  if (verification?.acceptance !== undefined && verification.acceptance.failed.length > 0) {
    const acceptance = { ...verification.acceptance, failed: verification.acceptance.failed.slice(0, -1) };
    return { ...report, verification: { ...verification, acceptance } };
  }
  return { ...report, activity: "" };
}

export type ReportWriter = {
  /** `urgent` for what people wait for, such as a new stage; the rest may wait. */
  say(saying: Saying, urgent: boolean): void;
  /** The last word: it is written, or this throws. */
  last(saying: Saying): Promise<void>;
};

export type Pace = {
  /** Between two writes at the least. */
  leastMilliseconds: number;
  /** After which what is not urgent is written all the same; each write is a row of `kubectl get -w`. */
  quietMilliseconds: number;
};

export const REPORT_PACE: Pace = { leastMilliseconds: 2_000, quietMilliseconds: 15_000 };

/** Writes what was said last, as often as it may. A write that fails is made up for by the next. */
export function reportWriter(
  write: (text: string) => Promise<void>,
  failed: (error: unknown) => void,
  pace: Pace = REPORT_PACE,
): ReportWriter {
  let writtenAt = Number.NEGATIVE_INFINITY;
  let waiting: Saying | undefined;
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let writing: Promise<void> = Promise.resolve();

  const flush = (): void => {
    timer = undefined;
    dueAt = Number.POSITIVE_INFINITY;
    const saying = waiting;
    waiting = undefined;
    if (saying === undefined) return;
    writtenAt = performance.now();
    writing = writing
      .then(() => {
        // A write before it may have taken its time.
        writtenAt = performance.now();
        return write(reportText(saying));
      })
      .catch(failed);
  };

  return {
    say(saying, urgent) {
      waiting = saying;
      const at = writtenAt + (urgent ? pace.leastMilliseconds : pace.quietMilliseconds);
      if (at >= dueAt) return;
      clearTimeout(timer);
      dueAt = at;
      const wait = at - performance.now();
      if (wait <= 0) flush();
      else timer = setTimeout(flush, wait);
    },
    async last(saying) {
      clearTimeout(timer);
      waiting = undefined;
      await writing;
      const wait = writtenAt + pace.leastMilliseconds - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await write(reportText(saying));
    },
  };
}
