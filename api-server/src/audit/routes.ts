import { Readable } from "node:stream";
import { z } from "zod";
import { derivedKey } from "../accounts/sealing.ts";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { callerOf } from "../http/identify.ts";
import { pageOf } from "../http/pages.ts";
import type { Parts } from "../parts.ts";
import { PERSONAL_KEYS } from "./personal.ts";
import { exportAudit, listAudit } from "./read.ts";
import { auditEvent, auditFilter, auditQuery } from "./schema.ts";

const READ = { access: "tenant", permission: "audit:read" } as const;
const tags = ["audit"];
const LINES = "application/jsonl";
const lines = z.any().meta({ type: "string" });

/** /api/v1/audit */
export function auditTrail(app: App, { database, config, audit }: Parts): void {
  const reads = { database, secret: derivedKey(config.secret, PERSONAL_KEYS) };
  app.get(
    "/api/v1/audit",
    {
      config: READ,
      schema: {
        operationId: "listAudit",
        summary: "List what was done, the latest first",
        tags,
        querystring: auditQuery,
        response: { 200: z.array(auditEvent), default: problem },
      },
    },
    async (request, reply) => {
      const events = await listAudit(reads, callerOf(request).tenantId, request.query);
      return pageOf(events, request.query.limit, request, reply);
    },
  );
  app.get(
    "/api/v1/audit/export",
    {
      config: READ,
      schema: {
        operationId: "exportAudit",
        summary: "Take along what was done",
        description: "One JSON object a line, the first first, as GET /api/v1/audit answers them.",
        tags,
        querystring: auditFilter,
        response: {
          200: { description: "Lines of JSON.", content: { [LINES]: { schema: lines } } },
          default: problem,
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const target = { kind: "tenant", id: tenantId };
      await database.write(tenantId, (tx) => audit(tx, caller, { action: "audit.exported", target }));
      reply.header("Content-Disposition", 'attachment; filename="audit.jsonl"');
      return reply.type(LINES).send(Readable.from(exportAudit(reads, tenantId, request.query)));
    },
  );
}
