import { v7 as uuid } from "uuid";
import type { Transaction } from "../db/database.ts";
import type { Payload, Topic } from "./topics.ts";

/**
 * Writes down what is to be done outside of the database when, and only when, the caller's transaction commits.
 * @param when dueAt: not before that moment. id: what the effect is known by, for secrets that are sealed by it.
 */
export async function enqueue<T extends Topic>(
  tx: Transaction,
  tenantId: string,
  entry: { topic: T; payload: Payload<T>; dueAt?: Date; id?: string },
): Promise<void> {
  const { topic, payload, dueAt, id = uuid() } = entry;
  await tx.outbox.create({ data: { tenantId, id, topic, payload, ...(dueAt === undefined ? {} : { dueAt }) } });
}
