import type { AgentReport, AgentTask, FinalTaskPhase } from "@leanvibe/schema";
import { deathOf, endedWell, hasEnded, isSimulated, sandboxRanOut } from "./pods.ts";
import { type Finding, isTrouble, type TASK_REASONS, type Trouble, trouble } from "./reasons.ts";
import type { Job, Pod } from "./world.ts";

/** How a task ended. */
export type End = Finding<(typeof TASK_REASONS)["Succeeded"][number]> & {
  phase: FinalTaskPhase;
  issues: readonly string[];
};

/** A pod's watch may lag behind its Job's: what the two say must agree, and until then the task is not over. */
const POD_SEEN_MILLISECONDS = 60_000;

export function failed(finding: Finding<Trouble>, issues: readonly string[] = []): End {
  return { phase: "Failed", ...finding, issues };
}

/**
 * How the task ended, by what Kubernetes and its agent say together; undefined while neither has the last word. A report
 * alone ends nothing: what runs beside its agent may have forged it, but not that the agent's container ended well. So a
 * success is two things at once: the agent's container in the pod of `status.podUID` was seen to end with 0 (the pod may
 * be gone by now), and that pod's report says so. That the Job is Complete is neither needed, because a pod whose agent
 * ended with 0 is what makes it so, nor enough: it does not say which pod succeeded, nor what that pod reported.
 */
export function endOf(
  task: AgentTask,
  seen: { job: Job; pod: Pod | undefined; report: AgentReport | undefined; now: Date },
): End | undefined {
  const { job, pod, report, now } = seen;
  const { finished } = job;
  if (finished === undefined) return lastWordOf(task, seen);
  if (finished.how === "Failed") return failureOf(job, seen);
  if (pod !== undefined && isSimulated(pod)) return failed(NO_REAL_NODES);
  if (pod === undefined || !endedWell(pod)) {
    const isYoung = now.getTime() - finished.at < POD_SEEN_MILLISECONDS;
    return isYoung ? undefined : failed(contradicted(pod));
  }
  if (report?.outcome === undefined) {
    return failed(trouble("NoReport", `The agent ended without a last word in pod ${pod.name}.`));
  }
  return outcomeOf(task, pod, report, report.outcome);
}

/** Before Kubernetes says so of the Job. Without a last word in the report it may be on its way yet. */
function lastWordOf(task: AgentTask, { pod, report }: { pod: Pod | undefined; report: AgentReport | undefined }) {
  if (pod === undefined || report?.outcome === undefined || isSimulated(pod) || !endedWell(pod)) return undefined;
  return outcomeOf(task, pod, report, report.outcome);
}

/** A Job that says it is complete, of a pod that does not. What was reported is no success without the pod's own end. */
function contradicted(pod: Pod | undefined): Finding<Trouble> {
  if (pod === undefined || hasEnded(pod)) return deathOf(pod);
  return trouble(
    "EndNotSeen",
    `Its Job says that it is complete, and pod ${pod.name} was not seen to end, so that nothing it reports counts: somebody else may write the Job's status.`,
  );
}

/** Where pods only say that they run. */
export const NO_REAL_NODES = trouble(
  "NoRealNodes",
  "The nodes of this cluster are simulated: no pod of it really runs, and so no agent.",
);

function failureOf(job: Job, { pod, report }: { pod: Pod | undefined; report: AgentReport | undefined }): End {
  if (job.finished?.reason === "DeadlineExceeded") {
    const late = trouble("DeadlineExceeded", "It was not done within its time; what is done so far is kept.");
    return { phase: "TimedOut", ...late, issues: [] };
  }
  const { outcome } = report ?? {};
  // It said why, and could not end as it should.
  if (pod !== undefined && outcome !== undefined && outcome.result !== "Succeeded") return said(outcome, pod);
  return failed(deathOf(pod));
}

type Outcome = NonNullable<AgentReport["outcome"]>;

function said({ result, reason, message, issues }: Outcome, pod: Pod): End {
  const phase = result === "BudgetExceeded" ? "BudgetExceeded" : "Failed";
  return { phase, ...whyOf(reason, message || "The agent said no more.", pod), issues };
}

function whyOf(reason: Outcome["reason"], message: string, pod: Pod): Finding<Trouble> {
  if (reason === "SandboxFailed" && sandboxRanOut(pod)) {
    return trouble("SandboxOOMKilled", "What it wrote needed more memory than the sandbox has, twice.");
  }
  return trouble(isTrouble(reason) ? reason : "AgentFailed", message);
}

function outcomeOf(task: AgentTask, pod: Pod, report: AgentReport, outcome: Outcome): End {
  if (outcome.result !== "Succeeded") return said(outcome, pod);
  const verdict = acceptanceOf(task, report);
  if (verdict === "failed") {
    const { total = 0, passed = 0, failed: names = [] } = report.verification?.acceptance ?? {};
    const cases = task.spec.acceptance?.length ?? 0;
    const which = names.length === 0 ? "" : ` Not: ${names.join(", ")}.`;
    const message = `${passed} of ${cases} acceptance cases passed${total === cases ? "" : `, and ${total} ran`}.${which}`;
    return failed(trouble("AcceptanceFailed", message), outcome.issues);
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
