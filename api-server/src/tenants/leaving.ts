import { z } from "zod";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { askDeletion, cancelDeletion } from "./deletion.ts";
import { deletion, deletionConfirmed } from "./schema.ts";

const OWNER = { access: "tenant", permission: "tenant:delete", wayOut: true } as const;
const tags = ["tenants"];

/** How an organization ends, and how that is called off. */
export function leavingRoutes(app: App, parts: Pick<Parts, "database" | "callers" | "audit">): void {
  const { callers } = parts;
  app.delete(
    "/api/v1/tenants/current",
    {
      config: OWNER,
      schema: {
        operationId: "deleteTenant",
        summary: "Delete your organization, in thirty days",
        description:
          "From now on it is its owners' alone, who read it, export it and may cancel. Asked for again nothing changes.",
        tags,
        body: deletionConfirmed,
        response: { 202: deletion, default: problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { lifecycle, deletesAt } = await askDeletion(parts, caller, request.body.subdomain);
      // Whoever did it sees it at once.
      callers.forget(caller.sessionId);
      return reply.code(202).send({ state: state.parse(lifecycle), deletes_at: deletesAt?.toISOString() ?? null });
    },
  );
  app.post(
    "/api/v1/tenants/current/cancel-deletion",
    {
      config: OWNER,
      schema: {
        operationId: "cancelDeletion",
        summary: "Keep your organization after all",
        tags,
        response: { 200: deletion, default: problem },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { lifecycle, deletesAt } = await cancelDeletion(parts, caller);
      callers.forget(caller.sessionId);
      return { state: state.parse(lifecycle), deletes_at: deletesAt?.toISOString() ?? null };
    },
  );
}

const state = z.enum(["active", "pending_deletion"]);
