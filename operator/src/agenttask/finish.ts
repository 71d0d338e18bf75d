import type { AgentReport, AgentTask, FinalTaskPhase } from "@leanvibe/schema";
import { deathOf, type Finding, isSimulated } from "./pods.ts";
import type { Job, Pod } from "./world.ts";

/** How a task ended. */
export type End = Finding & { phase: FinalTaskPhase; issues: readonly string[] };

/** A pod's watch may lag behind its Job's. */
const POD_SEEN_MILLISECONDS = 10_000;

export function failed(finding: Finding, issues: readonly string[] = []): End {
  return { phase: "Failed", ...finding, issues };
}

/**
 * How the task ended, by what Kubernetes and its agent say together; undefined while neither has the last word. A report
 * alone ends nothing: what runs beside its agent may have forged it, but not that the agent's container ended well.
 */
export function endOf(
  task: AgentTask,
  seen: { job: Job; pod: Pod | undefined; report: AgentReport | undefined; now: Date },
): End | undefined {
  const { job, pod, report, now } = seen;
  const { finished } = job;
  if (finished === undefined) return undefined;
  const isYoung = now.getTime() - finished.at < POD_SEEN_MILLISECONDS;
  if (finished.how === "Failed") return failureOf(job, seen);
  if (pod === undefined) return isYoung ? undefined : failed(deathOf(undefined));
  if (isSimulated(pod)) return failed(NO_REAL_NODES);
  if (report?.outcome === undefined) {
    const message = `The agent ended without a last word; kubectl logs ${pod.name} shows what it did.`;
    return failed({ reason: "NoReport", message });
  }
  return outcomeOf(task, report, report.outcome);
}

/** Where pods only say that they run. */
export const NO_REAL_NODES: Finding = {
  reason: "NoRealNodes",
  message:
    "The nodes of this cluster are simulated: no pod of it really runs, and so no agent. Use a cluster with real nodes.",
};

function failureOf(job: Job, { pod, report }: { pod: Pod | undefined; report: AgentReport | undefined }): End {
  if (job.finished?.reason === "DeadlineExceeded") {
    const message = "It was not done within spec.limits.activeDeadlineSeconds; what is done so far is kept.";
    return { phase: "TimedOut", reason: "DeadlineExceeded", message, issues: [] };
  }
  const { outcome } = report ?? {};
  // It said why, and could not end as it should.
  if (outcome !== undefined && outcome.result !== "Succeeded") return said(outcome);
  return failed(deathOf(pod));
}

type Outcome = NonNullable<AgentReport["outcome"]>;

function said({ result, reason, message, issues }: Outcome): End {
  const why = reason === "Completed" ? "AgentFailed" : reason;
  const phase = result === "BudgetExceeded" ? "BudgetExceeded" : "Failed";
  return { phase, reason: why, message: message || "The agent said no more.", issues };
}

function outcomeOf(task: AgentTask, report: AgentReport, outcome: Outcome): End {
  if (outcome.result !== "Succeeded") return said(outcome);
  const verdict = acceptanceOf(task, report);
  if (verdict === "failed") {
    const { total = 0, passed = 0, failed: names = [] } = report.verification?.acceptance ?? {};
    const cases = task.spec.acceptance?.length ?? 0;
    const which = names.length === 0 ? "" : ` Not: ${names.join(", ")}.`;
    const message = `${passed} of ${cases} acceptance cases passed${total === cases ? "" : `, and ${total} ran`}.${which}`;
    return failed({ reason: "AcceptanceFailed", message }, outcome.issues);
  }
  return { phase: "Succeeded", reason: "Completed", message: outcome.message || "The task is done.", issues: [] };
}

/** By the spec's own cases: what the agent counts must be these, all of them. */
export function acceptanceOf(
  { spec: { acceptance = [] } }: AgentTask,
  { verification }: AgentReport,
): "none" | "passed" | "failed" {
  if (acceptance.length === 0) return "none";
  const { total, passed, failed: names } = verification?.acceptance ?? { total: 0, passed: 0, failed: [] };
  return total === acceptance.length && passed === total && names.length === 0 ? "passed" : "failed";
}
