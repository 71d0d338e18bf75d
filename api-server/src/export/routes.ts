import type { Readable } from "node:stream";
import { messageOf } from "@leanvibe/runtime";
import { z } from "zod";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { addressOf } from "../http/address.ts";
import { callerOf } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { archiveOf, WHOLE_MILLISECONDS } from "./archive.ts";
import { askExport, beginExport, EXPORT_STATES, endExport, findExport, stateOfExport } from "./links.ts";

const OWNER = { access: "tenant", permission: "tenant:export", wayOut: true } as const;
const tags = ["export"];

const asked = z
  .object({
    id: z.uuid(),
    url: z.url().describe("Gives the ZIP, once, for a day, to whoever has it. It is shown here and never again."),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: "ExportAsked", description: "A link to everything that the organization has." });

const status = z
  .object({
    id: z.uuid(),
    state: z
      .enum(EXPORT_STATES)
      .describe("Whether the link can still be used. A download that broke off has used it: ask for a new one."),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "Export", description: "What became of a link." });

const zip = z.custom<Readable>().meta({ type: "string", format: "binary" });

/** All data of an organization, to take along. */
export function exports(app: App, parts: Parts): void {
  asking(app, parts);
  taking(app, parts);
}

function asking(app: App, parts: Parts): void {
  const { database, config } = parts;
  app.post(
    "/api/v1/tenants/current/export",
    {
      config: OWNER,
      schema: {
        operationId: "askExport",
        summary: "Ask for a link to everything that the organization has",
        tags,
        response: { 202: asked, default: problem },
      },
    },
    async (request, reply) => {
      const { made, token } = await askExport(parts, callerOf(request));
      const url = `${config.publicUrl}/api/v1/exports/${token}`;
      reply.header("Cache-Control", "no-store");
      return reply.code(202).send({ id: made.id, url, expires_at: made.expiresAt.toISOString() });
    },
  );
  app.get(
    "/api/v1/tenants/current/export/:id",
    {
      config: OWNER,
      schema: {
        operationId: "getExport",
        summary: "What became of such a link",
        tags,
        params: z.object({ id: z.uuid({ error: "must be an id" }) }),
        response: { 200: status, default: problem },
      },
    },
    async (request) => {
      const found = await findExport(database, callerOf(request).tenantId, request.params.id);
      return {
        id: found.id,
        state: stateOfExport(found, new Date()),
        created_at: found.createdAt.toISOString(),
        expires_at: found.expiresAt.toISOString(),
        finished_at: found.finishedAt?.toISOString() ?? null,
      };
    },
  );
}

function taking(app: App, parts: Parts): void {
  const { database, config } = parts;
  app.get(
    "/api/v1/exports/:token",
    {
      config: {
        access: "tenantFromCredential",
        rateLimit: { max: config.signInPerMinute, timeWindow: "1 minute" },
        patienceMilliseconds: WHOLE_MILLISECONDS,
      },
      // Who only asks whether there is something there must not use it up.
      exposeHeadRoute: false,
      schema: {
        operationId: "takeExport",
        summary: "Take everything along, as a ZIP",
        description:
          "A file of JSON lines for each kind of thing, all as they were at one moment, and manifest.json with the number of rows and the SHA-256 of each.",
        tags,
        params: z.object({ token: z.string().max(100) }),
        response: { 200: { description: "A ZIP.", content: { "application/zip": { schema: zip } } }, default: problem },
      },
    },
    async (request, reply) => {
      const { id, snapshot } = await beginExport(parts, request.params.token, {
        ip: addressOf(request),
        requestId: request.id,
      });
      const { archive, done } = archiveOf(snapshot);
      const { tenant, takenAt } = snapshot;
      const about = { tenant_id: tenant.id, export_id: id };
      // Not waited for: whoever takes it decides when that is.
      done
        .then(
          () => endExport(database, tenant.id, id, { finishedAt: new Date() }),
          (error: unknown) => {
            request.log.warn({ ...about, error: messageOf(error) }, "an export broke off");
            return endExport(database, tenant.id, id, { brokenAt: new Date() });
          },
        )
        .catch((error: unknown) => request.log.warn({ ...about, err: error }, "how an export ended was not noted"));
      const name = `${tenant.subdomain}-${takenAt.toISOString().slice(0, 10)}.zip`;
      return reply
        .code(200)
        .type("application/zip")
        .header("Content-Disposition", `attachment; filename="${name}"`)
        .header("Cache-Control", "no-store")
        .send(archive);
    },
  );
}
