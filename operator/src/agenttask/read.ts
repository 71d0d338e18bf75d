import type { Cache, KubeObject } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_LIMITS, type AgentReport, ANNOTATIONS, agentReport } from "@leanvibe/schema";
import { z } from "zod";
import { timeLeftIn } from "./time-left.ts";
import type { Container, Job, Pod, Said } from "./world.ts";

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
  lastTransitionTime: z.string().default(""),
});

const jobSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({ suspend: z.boolean().default(false), activeDeadlineSeconds: z.int().optional() }).prefault({}),
  status: z.object({ startTime: z.string().optional(), conditions: z.array(condition).default([]) }).prefault({}),
});

/** @throws ZodError for what is no Job. */
export function readJob(object: KubeObject, cache: Cache): Job {
  const { metadata, spec, status } = jobSchema.parse(object);
  const holding = (type: string) => status.conditions.find((each) => each.type === type && each.status === "True");
  const [complete, failed] = [holding("Complete"), holding("Failed")];
  const end = complete ?? failed;
  return {
    object,
    cache,
    name: metadata.name,
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp,
    deadlineSeconds: spec.activeDeadlineSeconds,
    timeLeft: timeLeftIn(metadata.annotations[ANNOTATIONS.timeLeft]),
    startedAt: status.startTime === undefined ? undefined : Date.parse(status.startTime),
    suspended: spec.suspend,
    resting: holding("Suspended") !== undefined,
    finished: end && {
      how: complete === undefined ? "Failed" : "Complete",
      reason: end.reason,
      message: end.message,
      at: Date.parse(end.lastTransitionTime),
    },
  };
}

const terminated = z.object({ exitCode: z.int(), reason: z.string().default("") });

const containerStatus = z.object({
  name: z.string(),
  containerID: z.string().default(""),
  state: z
    .object({
      waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).optional(),
      running: z.object({}).optional(),
      terminated: terminated.optional(),
    })
    .default({}),
  lastState: z.object({ terminated: terminated.optional() }).default({}),
});

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  status: z
    .object({
      phase: z.string().default("Pending"),
      reason: z.string().default(""),
      conditions: z.array(condition).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});

/** @throws ZodError for what is no pod. */
export function readPod(object: KubeObject): Pod {
  const { metadata, status } = podSchema.parse(object);
  const found = (type: string, value: string) =>
    status.conditions.find((each) => each.type === type && each.status === value);
  const disruption = found("DisruptionTarget", "True");
  const unscheduled = found("PodScheduled", "False");
  return {
    name: metadata.name,
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp,
    isGoing: metadata.deletionTimestamp !== undefined,
    phase: status.phase,
    reason: status.reason,
    disruption: disruption && (disruption.message || disruption.reason),
    unschedulable: unscheduled?.reason === "Unschedulable" ? unscheduled.message : undefined,
    containers: [...status.initContainerStatuses, ...status.containerStatuses].map(containerOf),
  };
}

function containerOf({ name, containerID, state, lastState }: z.output<typeof containerStatus>): Container {
  return {
    name,
    id: containerID,
    waiting: state.waiting,
    isRunning: state.running !== undefined,
    ended: state.terminated,
    fell: lastState.terminated,
  };
}

const reportMap = z.object({
  metadata: z.object({ ownerReferences: z.array(z.object({ kind: z.string(), uid: z.string() })).default([]) }),
  data: z.record(z.string(), z.string()).default({}),
});

/**
 * What the ConfigMap says, which generated code may have forged in its agent's place: bounds and schema are looked at
 * before a word is believed. The pod's uid in it is the agent's own word: admission binds who writes it to the Job, by the
 * name of the pod in the token, and only one pod of a Job lives at a time. The one before could at most take back what the
 * current one says, until that writes its last word, which comes before the exit code without which nothing is a success.
 * Undefined where it is another Job's, and where it says nothing yet.
 */
export function readReport(object: KubeObject | undefined, jobUID: string): Said | undefined {
  if (object === undefined) return undefined;
  const parsed = reportMap.safeParse(object);
  if (!parsed.success) return { refused: "the ConfigMap of the report is none" };
  const { metadata, data } = parsed.data;
  if (!metadata.ownerReferences.some(({ kind, uid }) => kind === "Job" && uid === jobUID)) return undefined;
  const text = data[AGENT_KEYS.report];
  if (text === undefined) return { refused: `the report has no key ${AGENT_KEYS.report}` };
  if (Buffer.byteLength(text) > AGENT_LIMITS.reportBytes) {
    return { refused: `the report is ${Buffer.byteLength(text)} bytes, of at most ${AGENT_LIMITS.reportBytes}` };
  }
  try {
    const report: AgentReport = agentReport.parse(JSON.parse(text));
    return { podUID: report.podUID, report };
  } catch (error) {
    return { refused: whyOf(error) };
  }
}

/** Without the report's own words: who forges one shall not have them read in a status. */
function whyOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return "the report is no JSON";
  const [first] = error.issues;
  return `the report does not say what it must: ${first?.path.map(String).join(".") || "it"}: ${first?.code ?? "wrong"}`;
}
