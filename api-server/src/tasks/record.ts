import { z } from "zod";
import type { Transaction } from "../db/database.ts";
import type { Task } from "../db/generated/client.ts";
import { happenings, phase, type Standing, stage } from "./words.ts";

const last = z.tuple([z.object({ seq: z.int() })]);

const MESSAGE_LENGTH = 2_048;

/**
 * Writes down what those who watch are told of a change, in the transaction of the change: it holds the task's row, so that
 * the numbers are in the order in which things happened, without a gap that somebody who goes on after one would miss.
 * @param before undefined of a task that is new
 */
export async function record(tx: Transaction, after: Task, before: Task | undefined): Promise<void> {
  const told = happenings(before && standingOf(before), standingOf(after));
  if (told.length === 0) return;
  const { tenantId, id: taskId } = after;
  const [{ seq }] = last.parse(
    await tx.$queryRaw`SELECT coalesce(max(seq), 0) AS seq FROM task_events WHERE tenant_id = ${tenantId}::uuid AND task_id = ${taskId}::uuid`,
  );
  const data = told.map((each, at) => ({
    ...each,
    tenantId,
    taskId,
    seq: seq + at + 1,
    message: each.message.slice(0, MESSAGE_LENGTH).toWellFormed(),
  }));
  await tx.taskEvent.createMany({ data });
}

/** What of a row others see go on. */
export function standingOf(row: Pick<Task, "phase" | "stage" | "progress" | "attempt" | "message">): Standing {
  return {
    phase: phase.parse(row.phase),
    stage: stage.nullable().catch(null).parse(row.stage),
    progress: row.progress,
    attempt: row.attempt,
    message: row.message,
  };
}
