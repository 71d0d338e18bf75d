import type { AgentTaskStatus } from "@leanvibe/schema";
import { type Finding, type Trouble, trouble } from "./reasons.ts";
import type { Container, Pod } from "./world.ts";

/** Exit codes by which an agent says what was wrong with the model for too long: it was out of reach, or had no room. */
const OUT_OF_REACH = 75;
const NO_ROOM = 76;
const PULLING = /^(ErrImage\w*|ImagePullBackOff|ImageInspectError|InvalidImageName|RegistryUnavailable)$/;
const CONFIGURING = /^Create(Container|PodSandbox)\w*Error$/;

export function hasEnded({ phase }: Pod): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/**
 * Was its agent seen to end with 0? Only the sandbox is ended then, whose exit code counts for nothing: the pod will be
 * Succeeded and its Job Complete, which Kubernetes takes two seconds more to say.
 */
export function endedWell(pod: Pod): boolean {
  return pod.phase !== "Failed" && containerOf(pod, "agent")?.ended?.exitCode === 0;
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

/**
 * The pod of `status.podUID` that is gone since it was seen to end well, which the operator said when it saw it and nobody
 * else can say: its Job's watch may bring that it is complete after the pod's has brought that it is no more.
 */
export function podBefore({ conditions = [], podUID, podName = "" }: AgentTaskStatus): Pod | undefined {
  const was = conditions.find(({ type }) => type === "Progressing")?.reason;
  if (podUID === undefined || was !== "PodSucceeded") return undefined;
  const agent = { name: "agent", id: "seen", waiting: undefined, isRunning: false, fell: undefined };
  const known = { name: podName, uid: podUID, createdAt: "", isGoing: true, phase: "Succeeded", reason: "" };
  const ended = { exitCode: 0, reason: "Completed" };
  return { ...known, disruption: undefined, unschedulable: undefined, containers: [{ ...agent, ended }] };
}

/** Why a pod that should work does not yet. */
export function hindranceOf(pod: Pod): Finding<Trouble> | undefined {
  if (pod.unschedulable !== undefined) return trouble("Unschedulable", pod.unschedulable);
  for (const { name, waiting } of pod.containers) {
    if (waiting === undefined) continue;
    const message = `Container ${name}: ${waiting.reason}${waiting.message === "" ? "" : `: ${waiting.message}`}`;
    if (PULLING.test(waiting.reason)) return trouble("ImagePull", message);
    if (CONFIGURING.test(waiting.reason)) return trouble("ContainerNotCreated", message);
  }
  return undefined;
}

/** Why a pod is no more. */
export function deathOf(pod: Pod | undefined): Finding<Trouble> {
  if (pod === undefined) return trouble("PodLost", "Its pod is gone, and nobody saw how it ended.");
  const ended = containerOf(pod, "agent")?.ended;
  if (pod.reason === "Evicted" || pod.disruption !== undefined) {
    return trouble("Evicted", `The cluster took its pod away: ${pod.disruption ?? pod.reason}.`);
  }
  if (ended?.reason === "OOMKilled") return trouble("OOMKilled", "The agent itself needed more memory than it has.");
  if (ended?.exitCode === OUT_OF_REACH) {
    return trouble("ModelUnavailable", "The model was out of reach for too long, again and again.");
  }
  if (ended?.exitCode === NO_ROOM) {
    return trouble("RateLimited", "The model had no room (429) for too long, again and again.");
  }
  const hindrance = hindranceOf(pod);
  if (hindrance !== undefined) return hindrance;
  const how = ended === undefined ? (pod.reason === "" ? "without a word" : pod.reason) : `exit code ${ended.exitCode}`;
  return trouble("AgentCrashed", `The agent ended at its work in pod ${pod.name} (${how}).`);
}

/**
 * Was the sandbox killed at its own memory limit? It is started again, and the agent asks it once more; who only sees that
 * it went away twice says SandboxFailed.
 */
export function sandboxRanOut(pod: Pod): boolean {
  const { ended, fell } = containerOf(pod, "sandbox") ?? {};
  return ended?.reason === "OOMKilled" || fell?.reason === "OOMKilled";
}

function containerOf({ containers }: Pod, wanted: "agent" | "sandbox"): Container | undefined {
  return containers.find(({ name }) => name === wanted);
}

/** kwok and its like say of a pod that it runs or has run, without a container: no runtime gave it an id. */
export function isSimulated({ containers }: Pod): boolean {
  return containers.some((container: Container) => {
    const { id, isRunning, ended } = container;
    return id === "" && (isRunning || ended?.exitCode === 0);
  });
}

/** Has a runtime begun with its containers? Simulated ones get no id. */
export function isHeldByARuntime({ containers }: Pod): boolean {
  return containers.some(({ id }) => id !== "");
}

/** Is there more to say of it than that it is on its way? Until then nobody in it could do or ask for anything. */
export function hasBegun(pod: Pod): boolean {
  return pod.phase !== "Pending" || isHeldByARuntime(pod) || hindranceOf(pod) !== undefined;
}

export function isWorking(pod: Pod): boolean {
  return pod.phase === "Running" && !pod.isGoing;
}
