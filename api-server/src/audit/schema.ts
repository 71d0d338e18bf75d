import { z } from "zod";
import { pageQuery } from "../http/pages.ts";
import { text } from "../http/text.ts";
import { ACTIONS, ACTOR_KINDS, type Action } from "./actions.ts";

const isAction = (name: string): name is Action => name in ACTIONS;

const action = z.enum(Object.keys(ACTIONS).filter(isAction));

const time = z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T12:00:00Z" });

/** Which events. */
export const auditFilter = z.object({
  actor: text(512).optional().describe("The id of who did it."),
  action: action.optional(),
  target: text(253).optional().describe("The id of what it was done to."),
  from: time.optional().describe("Not before."),
  to: time.optional().describe("Before."),
});

export type AuditFilter = z.output<typeof auditFilter>;

export const auditQuery = pageQuery.extend(auditFilter.shape);

export const auditEvent = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    actor: z.object({
      kind: z.enum(ACTOR_KINDS),
      id: z.string().nullable().describe("Null for the platform's people, and where nobody knows who it was."),
      email: z.string().nullable().describe("Null once the person is deleted."),
    }),
    action: z.string(),
    target: z.object({ kind: z.string(), id: z.string() }),
    ip: z.string().nullable().describe("Null for the platform's people, and once the person is deleted."),
    request_id: z.uuid().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEvent", description: "What was done, and by whom." });

export type AuditBody = z.output<typeof auditEvent>;
