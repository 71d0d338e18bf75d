import { Gauge, Registry } from "@prometheus-io/client";
import { z } from "zod";
import type { App } from "../app.ts";
import { problem } from "../errors/problem.ts";
import { invalid } from "../errors/refused.ts";
import { callerOf } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { readUsage } from "../tenants/plan.ts";
import { BOUNDS_MILLISECONDS } from "./histogram.ts";
import { readAnalytics, readTotals } from "./read.ts";
import { analytics, analyticsQuery, spanOf } from "./schema.ts";

const READ = { access: "tenant", permission: "tenant:read" } as const;
const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const tags = ["analytics"];

/** /api/v1/tenants/current/analytics */
export function analyticsRoutes(app: App, { database }: Pick<Parts, "database">): void {
  app.get(
    "/api/v1/tenants/current/analytics",
    {
      config: READ,
      schema: {
        operationId: "getAnalytics",
        summary: "See how the API was used",
        tags,
        querystring: analyticsQuery,
        response: { 200: analytics, default: problem },
      },
    },
    async (request) => {
      const now = new Date();
      const span = spanOf(request.query, now);
      if ("path" in span) throw invalid([span]);
      return await readAnalytics(database, callerOf(request).tenantId, span, now);
    },
  );
  app.get(
    "/api/v1/tenants/current/analytics/metrics",
    {
      config: READ,
      schema: {
        operationId: "getAnalyticsMetrics",
        summary: "See it in Prometheus' format",
        description: "Sums of what is kept, and what the plan leaves, as Prometheus scrapes it with a token.",
        tags,
        response: {
          200: { description: "Metrics.", content: { "text/plain": { schema: z.string() } } },
          default: problem,
        },
      },
    },
    async (request, reply) => {
      const { tenantId } = callerOf(request);
      const [totals, usage] = await Promise.all([
        readTotals(database, tenantId, new Date()),
        readUsage(database, tenantId),
      ]);
      return reply.type(TEXT).send(await metricsOf(totals, usage));
    },
  );
}

type Totals = Awaited<ReturnType<typeof readTotals>>;
type Usage = Awaited<ReturnType<typeof readUsage>>;

/** Gauges, whatever they are named: the client's counters begin at nothing, and these begin at what is kept. */
async function metricsOf(totals: Totals, usage: Usage): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, label: string) =>
    new Gauge({ name, help, labelNames: [label], registers: [registry] });
  const answers = gauge(
    "leanvibe_api_requests_total",
    "Requests of the organization, by the class of the answer.",
    "class",
  );
  const { calls, client_errors: client, server_errors: server } = totals;
  answers.set({ class: "ok" }, calls - client - server);
  answers.set({ class: "client_error" }, client);
  answers.set({ class: "server_error" }, server);
  const durations = gauge("leanvibe_api_request_duration_seconds_bucket", "Requests that took no longer.", "le");
  let upTo = 0;
  for (const [at, bound] of BOUNDS_MILLISECONDS.entries()) {
    upTo += totals.buckets[at] ?? 0;
    durations.set({ le: String(bound / 1000) }, upTo);
  }
  durations.set({ le: "+Inf" }, calls);
  const used = gauge("leanvibe_usage", "What the plan limits, and how much of it is used.", "resource");
  const limits = gauge("leanvibe_usage_limit", "What the plan allows.", "resource");
  for (const resource of ["projects", "users"] as const) {
    used.set({ resource }, usage[resource].current);
    limits.set({ resource }, usage[resource].limit);
  }
  return await registry.metrics();
}
