import { z } from "zod";
import { mailPayload } from "../mail/payload.ts";

/**
 * What is done outside of the database, and what must be known for it. The part before the dot is the queue: what waits in
 * one, because a mail server is down for instance, delays nothing in another.
 */
export const TOPICS = {
  /** One mail to one person. */
  "mail.send": mailPayload,
  /** One event to one webhook. Each webhook is a group of its own, so that a slow one delays no other. */
  "webhook.deliver": z.object({ delivery: z.uuid(), webhook: z.uuid() }),
  /** The cluster's Tenant follows the tenant's row, as it is when this is done. */
  "tenant.apply": z.object({}),
  /** The cluster's Tenant goes, because the tenant's rows are gone; it is kept when those go. */
  "tenant.delete": z.object({ subdomain: z.string() }),
  /** The cluster's AgentTask follows the task's row; the mirror does so. */
  "task.apply": z.object({ task: z.uuid() }),
} as const satisfies Record<string, z.ZodType>;

export type Topic = keyof typeof TOPICS;

/** What a topic must be given. */
export type Payload<T extends Topic> = z.input<(typeof TOPICS)[T]>;

const grouped = z.object({ webhook: z.string() });

/** Of what only so much is done at once, where a payload says it. */
export function groupOf(payload: unknown): { id: string } | undefined {
  const { data } = grouped.safeParse(payload);
  return data && { id: data.webhook };
}

/** The queue of a topic. */
export function queueOf(topic: string): string {
  return topic.slice(0, topic.indexOf("."));
}
