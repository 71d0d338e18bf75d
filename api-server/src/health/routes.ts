import { z } from "zod";
import type { App, Life } from "../app.ts";
import type { Parts } from "../parts.ts";

const alive = z.object({ status: z.literal("healthy"), service: z.literal("leanvibe-api") });

const ready = z.object({
  status: z.enum(["ready", "not ready"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
});

const PINGED_MILLISECONDS = 1_000;

/** Whether the process lives (/health), and whether it can answer requests (/health/ready). */
export function health(app: App, parts: Parts, life: Life): void {
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
  const pinged = pinging(parts);
  app.get("/health/ready", { config, schema: readiness }, async (_request, reply) => {
    const database = await pinged();
    const process = life.stopping ? { process: { ok: false, detail: "it is stopping" } } : {};
    const checks = { database, cluster: clusterCheck(parts), mail: mailCheck(parts), ...process };
    // Requests need only the database: whatever else fails is told, and delays what waits for it.
    return database.ok && !life.stopping
      ? reply.code(200).send({ status: "ready", checks })
      : reply.code(503).send({ status: "not ready", checks });
  });
}

type Pinged = { ok: boolean; detail?: string };

/** Anybody may ask for it, and as often as they like: of the database one asks, for all who come within a second. */
function pinging({ database }: Parts): () => Promise<Pinged> {
  let last: { at: number; answer: Promise<Pinged> } | undefined;
  const ping = () =>
    database.ping().then(
      () => ({ ok: true }),
      () => ({ ok: false, detail: "it does not answer" }),
    );
  return () => {
    if (last === undefined || performance.now() - last.at > PINGED_MILLISECONDS) {
      last = { at: performance.now(), answer: ping() };
    }
    return last.answer;
  };
}

/** Says nothing of where the cluster is: anybody may read it. */
function clusterCheck({ cluster, mirror, config }: Parts): { ok: boolean; detail: string } {
  if (cluster === undefined || mirror === undefined) return { ok: true, detail: "none: the API works alone" };
  if (!config.worker) return { ok: true, detail: "other servers mirror (WORKER=false)" };
  if (cluster.server() === undefined) return { ok: true, detail: "none yet: it is waited for" };
  const { leading, fresh } = mirror.state();
  if (!leading) return { ok: true, detail: "another server mirrors, or none yet" };
  return fresh ? { ok: true, detail: "this server mirrors" } : { ok: false, detail: "the cluster is not heard" };
}

function mailCheck({ mailer }: Parts): { ok: boolean; detail: string } {
  return mailer === undefined
    ? { ok: true, detail: "off: it waits until SMTP_URL is set" }
    : { ok: true, detail: "is sent" };
}
