import { sameJson } from "@leanvibe/runtime";
import type { AgentTask, AgentTaskStatus } from "@leanvibe/schema";
import { ANNOTATIONS, parseAgentTask } from "@leanvibe/schema";
import type { Prisma, Task } from "../../db/generated/client.ts";
import { hasEnded } from "../rows.ts";
import { manifestOf, type Specified } from "../spec.ts";
import { isFinal } from "../words.ts";
import { kept, keptText } from "./kept.ts";

/** One thing to do; what comes next is decided when it is done, so that wherever we are cut off the next one goes on. */
export type Step =
  | { do: "make row" }
  | { do: "change row"; change: RowChange }
  | { do: "end row"; phase: "Cancelled" | "Failed"; reason: string; message: string; isGone: boolean }
  | { do: "settle row" }
  | { do: "create object" }
  | { do: "cancel object" }
  | { do: "collect" }
  | { do: "say collected"; at: Date }
  | { do: "clear" };

export type RowChange = Omit<Partial<Task>, "verification"> & { verification?: Prisma.InputJsonValue };

/**
 * What brings a task's row and the cluster's AgentTask nearer to each other; undefined when they agree. Pure. What is asked
 * for flows from the row to the object, how far it is from the object to the row.
 */
export function nextStep(row: Task | undefined, object: AgentTask | undefined): Step | undefined {
  if (object === undefined) return row === undefined ? undefined : withoutObject(row);
  if (row === undefined) return { do: "make row" };
  const { uid = "" } = object.metadata;
  // We made it, and were cut off before we wrote that down.
  if (row.objectUid === null) return { do: "change row", change: { objectUid: uid } };
  return linked(row, object);
}

/** Whether an object says that it is that of a row that does not know it yet. */
export function isMadeFor(
  { metadata: { annotations = {} } }: AgentTask,
  row: Pick<Task, "id" | "managedBy" | "objectUid">,
) {
  return row.objectUid === null && row.managedBy === "api" && annotations[ANNOTATIONS.taskId] === row.id;
}

/**
 * Whether an object asks for what its row does. Its name and annotation others can write too: what they made in its place
 * beforehand would be worked at in the name of who asked the API. @param whole as it is in the cluster
 */
export function isAsAsked({ spec }: AgentTask, row: Specified): boolean {
  const wanted = parseAgentTask(manifestOf(row, "default"));
  return wanted.ok && sameJson(fixedOf(spec), fixedOf(wanted.value.spec));
}

/** Without what may be changed while it lives. */
function fixedOf({ desiredState: _state, ttlSecondsAfterFinished: _ttl, ...fixed }: AgentTask["spec"]) {
  return fixed;
}

/** Not made yet, or deleted by somebody. */
function withoutObject(row: Task): Step | undefined {
  if (hasEnded(row)) return row.clearedAt === null ? { do: "settle row" } : undefined;
  if (row.objectUid !== null) {
    const message = "its AgentTask was deleted";
    return { do: "end row", phase: "Cancelled", reason: "Deleted", message, isGone: true };
  }
  if (row.desired === "Cancel") {
    return { do: "end row", phase: "Cancelled", reason: "Cancelled", message: "", isGone: false };
  }
  return { do: "create object" };
}

function linked(row: Task, object: AgentTask): Step | undefined {
  const change = changeBy(object, row);
  if (change !== undefined) return { do: "change row", change };
  const { phase = "Pending", artifact } = object.status ?? {};
  if (!isFinal(phase)) {
    const cancelled = row.desired === "Cancel" && object.spec.desiredState !== "Cancel";
    return cancelled ? { do: "cancel object" } : undefined;
  }
  if (row.collectedAt === null) return { do: "collect" };
  if (artifact?.collectedAt === undefined) return { do: "say collected", at: row.collectedAt };
  return row.clearedAt === null ? { do: "clear" } : undefined;
}

/** How far the object is, where the row does not say so already. */
function changeBy(object: AgentTask, row: Task): RowChange | undefined {
  const wanted = rowOf(object, row);
  const differing = Object.entries(wanted).filter(([name, value]) => !isSame(value, Reflect.get(row, name)));
  return differing.length === 0 ? undefined : Object.fromEntries(differing);
}

function rowOf({ spec, status = {} }: AgentTask, row: Task): RowChange {
  return {
    desired: desiredOf(spec.desiredState, row),
    phase: status.phase ?? "Pending",
    stage: status.stage ?? null,
    progress: status.progress ?? 0,
    activity: textOrNull(status.activity, 256),
    attempt: status.attempt ?? 0,
    iterations: status.iterations ?? 0,
    ...usageOf(status),
    ...(status.verification === undefined ? {} : { verification: measured(status.verification) }),
    verified: (status.conditions ?? []).some(({ type, status: value }) => type === "Verified" && value === "True"),
    issues: (status.issues ?? []).map((issue) => keptText(issue, 200)),
    ...endOf(status),
    artifactSha256: status.artifact?.sha256 ?? null,
    artifactBytes: status.artifact?.sizeBytes ?? null,
    startedAt: timeOrNull(status.startTime),
    endedAt: timeOrNull(status.completionTime),
  };
}

function usageOf({ usage }: AgentTaskStatus) {
  const { inputTokens = 0, outputTokens = 0, llmCalls = 0, estimated = false } = usage ?? {};
  return {
    inputTokens: BigInt(inputTokens),
    outputTokens: BigInt(outputTokens),
    llmCalls,
    usageEstimated: estimated,
  };
}

function textOrNull(text: string | undefined, max: number): string | null {
  return text === undefined ? null : keptText(text, max);
}

function timeOrNull(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text);
}

/** Whoever cancelled it: from that nobody comes back. */
function desiredOf(said: AgentTask["spec"]["desiredState"], { desired, managedBy }: Task): string {
  if (desired === "Cancel" || said === "Cancel") return "Cancel";
  return managedBy === "kubectl" ? said : desired;
}

/** Why it is not done, or cannot begin. */
function endOf({ conditions = [] }: AgentTaskStatus): { reason: string | null; message: string | null } {
  const said = ["Succeeded", "Accepted"].map((wanted) => conditions.find(({ type }) => type === wanted));
  const found = said.find((condition) => condition?.status === "False");
  return { reason: textOrNull(found?.reason, 128), message: textOrNull(found?.message, 2_000) };
}

function measured(verification: NonNullable<AgentTaskStatus["verification"]>): Prisma.InputJsonObject {
  const { testsTotal, testsPassed, testsFailed, coverage, qualityScore, acceptance } = verification;
  return kept({
    tests_total: testsTotal,
    tests_passed: testsPassed,
    tests_failed: testsFailed,
    coverage,
    quality_score: qualityScore,
    acceptance,
  });
}

function isSame(wanted: unknown, held: unknown): boolean {
  if (wanted instanceof Date && held instanceof Date) return wanted.getTime() === held.getTime();
  if (typeof wanted === "object" && wanted !== null && !(wanted instanceof Date)) return sameJson(wanted, held);
  return wanted === held;
}
