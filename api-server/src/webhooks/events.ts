import type { Action } from "../audit/actions.ts";

/** Of what is written down of what is done, what others may hear of. */
const TOLD = [
  "project.created",
  "project.changed",
  "project.deleted",
  "task.created",
  "task.cancelled",
  "task.ended",
  "tenant.confirmed",
  "tenant.changed",
  "tenant.suspended",
  "tenant.reactivated",
  "tenant.deletion_asked",
  "tenant.deletion_cancelled",
] as const satisfies readonly Action[];

/** What no webhook ever hears of. */
export type Untold = Exclude<Action, (typeof TOLD)[number]>;

/** What a webhook may be for: one kind of event, or all of a group. */
export const WEBHOOK_EVENTS = [...TOLD, "project.*", "task.*", "tenant.*"] as const;

export const TEST_EVENT = "webhook.test";

/** What a webhook must be for to hear of it; undefined where nobody outside hears of it. */
export function namesOf(action: Action): string[] | undefined {
  if (!TOLD.some((told) => told === action)) return undefined;
  return [action, `${action.slice(0, action.indexOf("."))}.*`];
}
