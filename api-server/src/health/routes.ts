import { z } from "zod";
import type { App } from "../app.ts";
import type { Parts } from "../parts.ts";

const alive = z.object({ status: z.literal("healthy"), service: z.literal("leanvibe-api") });

const ready = z.object({
  status: z.enum(["ready", "not ready"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
});

/** Whether the process lives (/health), and whether it can answer requests (/health/ready). */
export function health(app: App, { database }: Pick<Parts, "database">): void {
  const config = { access: "public" } as const;
  const tags = ["health"];
  const addresses = [
    ["/health", "getHealth"],
    ["/api/v1/health", "getApiHealth"],
  ] as const;
  for (const [url, operationId] of addresses) {
    const schema = { operationId, summary: "Whether the process lives", tags, response: { 200: alive } };
    app.get(url, { config, schema }, async () => ({ status: "healthy", service: "leanvibe-api" }) as const);
  }
  const readiness = {
    operationId: "getReadiness",
    summary: "Whether it can answer requests",
    tags,
    response: { 200: ready, 503: ready },
  };
  app.get("/health/ready", { config, schema: readiness }, async (_request, reply) => {
    const reason = await database.ping().then(
      () => undefined,
      () => "the database does not answer",
    );
    const checks = { database: reason === undefined ? { ok: true } : { ok: false, detail: reason } };
    return reason === undefined
      ? reply.code(200).send({ status: "ready", checks })
      : reply.code(503).send({ status: "not ready", checks });
  });
}
