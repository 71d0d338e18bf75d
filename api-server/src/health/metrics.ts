import { collectDefaultMetrics, Histogram, Registry } from "@prometheus-io/client";
import type { App } from "../app.ts";

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type HttpMetrics = {
  /** For who has more to tell. */
  registry: Registry;
  observe(labels: { method: string; route: string; status: number }, seconds: number): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
  contentType: string;
};

/** One registry a process. */
export function createHttpMetrics(): HttpMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's head to the answer's end, by method, route and status.",
    labelNames: ["method", "route", "status"],
    buckets: BUCKETS_SECONDS,
    registers,
  });
  return {
    registry,
    observe: ({ method, route, status }, seconds) =>
      durations.observe({ method, route, status: String(status) }, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** The route as it is declared, never the path: a caller could make as many series as there are paths. */
export function measure(app: App, metrics: HttpMetrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    metrics.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
}
