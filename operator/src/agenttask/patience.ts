import { sameJson } from "@leanvibe/runtime";
import type { AgentTaskStatus } from "@leanvibe/schema";
import { isHeldByARuntime } from "./pods.ts";
import type { Pod } from "./world.ts";

/**
 * So long at most a status waits that only says on which of the usual steps a task is, while Jobs of others are to be made
 * and for as long again: about what five thousand Jobs and their pods take on two cores. Nobody works at such a task yet, who
 * looks at it sees its Job and its pod at once, and each status that is written is somebody else's Job or pod that comes later.
 */
export const PATIENCE_MILLISECONDS = 120_000;

/** The steps that every task takes when all is well. */
const USUAL: ReadonlySet<string | undefined> = new Set([undefined, "Queued", "Starting", "AgentWorking"]);

/**
 * How long may `after` wait for a later one to make it superfluous? Undefined where no longer than ever: it says how far the
 * agent is, what is in its way, what somebody asked for or what cannot be seen a second time (PodSucceeded). And not at all
 * where a runtime has taken a new pod: its agent is about to call the gateway, which lets in the pod that the status names.
 */
export function patienceOf(
  { before, after, pods }: { before: AgentTaskStatus; after: AgentTaskStatus; pods: readonly Pod[] },
  jobsComeFirst: boolean,
): number | undefined {
  if (isPodAwaited(before, after, pods)) return 0;
  if (!jobsComeFirst || sameJson(before, after)) return undefined;
  const isUsual = after.phase === "Running" && USUAL.has(reasonIn(before)) && USUAL.has(reasonIn(after));
  const isAsked = before.observedGeneration !== undefined && before.observedGeneration !== after.observedGeneration;
  const isNext = before.podUID !== undefined && after.podUID !== before.podUID;
  if (!isUsual || isAsked || isNext || isDoubtful(after) || !sameJson(wordsOf(before), wordsOf(after)))
    return undefined;
  return PATIENCE_MILLISECONDS;
}

function reasonIn({ conditions = [] }: AgentTaskStatus): string | undefined {
  return conditions.find(({ type }) => type === "Progressing")?.reason;
}

function isDoubtful({ conditions = [] }: AgentTaskStatus): boolean {
  return conditions.some(({ type, status }) => (type === "Accepted" || type === "Isolated") && status !== "True");
}

/** What the agent said. Of a pod that has only come it is nothing. */
function wordsOf({ stage, progress = 0, activity, iterations, usage, verification, artifact }: AgentTaskStatus) {
  return { stage, progress, activity, iterations, usage, verification, artifact };
}

function isPodAwaited(before: AgentTaskStatus, after: AgentTaskStatus, pods: readonly Pod[]): boolean {
  if (after.podUID === before.podUID) return false;
  return pods.some((pod) => pod.uid === after.podUID && isHeldByARuntime(pod));
}
