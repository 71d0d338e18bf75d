import type { AgentTaskStatus } from "@leanvibe/schema";
import type { Container, Pod } from "./world.ts";

/** What is so, in a word for programs and a sentence for people. */
export type Finding = { reason: string; message: string };

/** By it the agent says that the model was out of reach for too long. */
const TEMPORARY = 75;
const PULLING = /^(ErrImage\w*|ImagePullBackOff|ImageInspectError|InvalidImageName|RegistryUnavailable)$/;
const CONFIGURING = /^Create(Container|PodSandbox)\w*Error$/;

export function hasEnded({ phase }: Pod): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Was its agent seen to end with 0? Its phase leaves out the sandbox, which is ended after it. */
export function endedWell({ phase, containers }: Pod): boolean {
  return phase === "Succeeded" && containers.some(({ name, ended }) => name === "agent" && ended?.exitCode === 0);
}

/**
 * Whose report counts. One that lives does; or the one that did the work. A failed pod that is older than the one that
 * status knows, and outlives it in the cluster, was there before.
 */
export function currentPod({ podUID }: AgentTaskStatus, pods: readonly Pod[]): Pod | undefined {
  const newestFirst = pods.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const known = pods.find(({ uid }) => uid === podUID);
  return (
    newestFirst.find((pod) => !hasEnded(pod) && !pod.isGoing) ??
    newestFirst.find((pod) => !hasEnded(pod)) ??
    pods.find(({ phase }) => phase === "Succeeded") ??
    (podUID === undefined || known !== undefined ? newestFirst[0] : undefined)
  );
}

/** Why a pod that should work does not yet. */
export function hindranceOf(pod: Pod): Finding | undefined {
  if (pod.unschedulable !== undefined) return { reason: "Unschedulable", message: pod.unschedulable };
  for (const { name, waiting } of pod.containers) {
    if (waiting === undefined) continue;
    const message = `Container ${name}: ${waiting.reason}${waiting.message === "" ? "" : `: ${waiting.message}`}`;
    if (PULLING.test(waiting.reason)) return { reason: "ImagePull", message };
    if (CONFIGURING.test(waiting.reason)) return { reason: "ContainerNotCreated", message };
  }
  return undefined;
}

/** Why a pod is no more. */
export function deathOf(pod: Pod | undefined): Finding {
  if (pod === undefined) return { reason: "PodLost", message: "Its pod is gone, and nothing says why." };
  const agent = pod.containers.find(({ name }) => name === "agent");
  if (pod.reason === "Evicted" || pod.disruption !== undefined) {
    return { reason: "Evicted", message: `The cluster took its pod away: ${pod.disruption ?? pod.reason}.` };
  }
  if (agent?.ended?.reason === "OOMKilled") {
    return { reason: "OOMKilled", message: "The agent needed more memory than it has." };
  }
  if (agent?.ended?.exitCode === TEMPORARY) {
    return { reason: "ModelUnavailable", message: "The model was out of reach for too long, again and again." };
  }
  const hindrance = hindranceOf(pod);
  if (hindrance !== undefined) return hindrance;
  const exitCode = agent?.ended?.exitCode;
  const how = exitCode === undefined ? (pod.reason === "" ? "without a word" : pod.reason) : `exit code ${exitCode}`;
  return {
    reason: "AgentCrashed",
    message: `The agent ended at its work (${how}); kubectl logs ${pod.name} says more.`,
  };
}

/** kwok and its like say of a pod that it runs or has run, without a container: no runtime gave it an id. */
export function isSimulated({ containers }: Pod): boolean {
  return containers.some((container: Container) => {
    const { id, isRunning, ended } = container;
    return id === "" && (isRunning || ended?.exitCode === 0);
  });
}

export function isWorking(pod: Pod): boolean {
  return pod.phase === "Running" && !pod.isGoing;
}
