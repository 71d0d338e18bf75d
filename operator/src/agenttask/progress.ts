import {
  AGENT_STAGE_NAMES,
  type AgentReport,
  type AgentTask,
  type AgentTaskStatus,
  agentConfigMaps,
} from "@leanvibe/schema";
import type { Pod } from "./world.ts";

/** The part of a status that says how far the agent is. */
export type Progress = Pick<
  AgentTaskStatus,
  | "stage"
  | "progress"
  | "activity"
  | "attempt"
  | "iterations"
  | "usage"
  | "verification"
  | "artifact"
  | "podName"
  | "podUID"
>;

/** What stood before. An earlier release may have written more. */
export function progressBefore(status: AgentTaskStatus): Progress {
  const { stage, progress, activity, attempt, iterations, usage, verification, podName, podUID, artifact } = status;
  return {
    stage,
    progress,
    activity,
    attempt,
    iterations,
    usage,
    verification,
    podName,
    podUID,
    artifact: withoutOthers(artifact),
  };
}

/** When it was collected is the API's to say, and stays what the API said. */
function withoutOthers(artifact: AgentTaskStatus["artifact"]): AgentTaskStatus["artifact"] {
  if (artifact === undefined) return undefined;
  const { collectedAt: _, ...own } = artifact;
  return Object.keys(own).length === 0 ? undefined : own;
}

/** Another pod is another attempt: it says anew how far it is, from what the one before it had saved. */
export function withPod(before: Progress, pod: Pod | undefined): Progress {
  if (pod === undefined || pod.uid === before.podUID) return before;
  const attempt = (before.attempt ?? 0) + 1;
  const anew = { stage: undefined, progress: 0, activity: undefined };
  return { ...before, ...anew, attempt, podName: pod.name, podUID: pod.uid };
}

/** What was reported, over what stood. Inside an attempt nothing goes back, whatever the report says. */
export function withReport(
  before: Progress,
  report: AgentReport,
  { jobName, spec }: { jobName: string; spec: Pick<AgentTask["spec"], "acceptance"> },
): Progress {
  const { iterations, usage, artifact } = report;
  const { artifact: configMap } = agentConfigMaps(jobName);
  return {
    ...before,
    stage: further(before.stage, report.stage),
    progress: Math.max(before.progress ?? 0, report.progress),
    activity: report.activity === "" ? undefined : report.activity,
    iterations: Math.max(before.iterations ?? 0, iterations),
    usage: {
      inputTokens: Math.max(before.usage?.inputTokens ?? 0, usage.inputTokens),
      outputTokens: Math.max(before.usage?.outputTokens ?? 0, usage.outputTokens),
      llmCalls: Math.max(before.usage?.llmCalls ?? 0, usage.llmCalls),
      ...(before.usage?.estimated === true || usage.estimated ? { estimated: true } : {}),
    },
    verification: verificationOf(report, spec.acceptance?.length ?? 0) ?? before.verification,
    artifact: artifact === undefined ? before.artifact : { configMap, ...artifact },
  };
}

function further(a: Progress["stage"], b: Progress["stage"]): Progress["stage"] {
  const rank = (stage: Progress["stage"]) => (stage === undefined ? -1 : AGENT_STAGE_NAMES.indexOf(stage));
  return rank(a) > rank(b) ? a : b;
}

/** @param cases how many the task brings: of others nothing is believed, and nobody is to trip over them */
function verificationOf({ verification }: AgentReport, cases: number): Progress["verification"] {
  if (verification === undefined) return undefined;
  const { testsTotal, testsPassed, testsFailed, coverage, qualityScore, acceptance } = verification;
  return {
    tests: `${testsPassed}/${testsTotal}`,
    testsTotal,
    testsPassed,
    testsFailed,
    ...(coverage === undefined ? {} : { coverage: Math.floor(coverage) }),
    ...(qualityScore === undefined ? {} : { qualityScore: Math.floor(qualityScore) }),
    ...(acceptance === undefined || cases === 0 ? {} : { acceptance: bounded(acceptance) }),
  };
}

/** As the schema bounds it; what does not add up is no success. */
function bounded({ total, passed }: { total: number; passed: number }) {
  const all = Math.min(50, total);
  const good = Math.min(all, passed);
  return { total: all, passed: good, failed: all - good };
}
