import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "@prometheus-io/client";

/** Counts every answer of the API server. */
export type ClientMetrics = { answered(method: string, status: number): void };

/** What one controller tells about itself. Units: seconds. */
export type ControllerMetrics = {
  reconciled(result: "success" | "error" | "requeue_after" | "stalled", seconds: number): void;
  queued(priority: string, depth: number): void;
  added(): void;
  retried(): void;
  waited(seconds: number): void;
  working(workers: number): void;
};

/** What one watch tells about itself. */
export type WatchMetrics = { opened(kind: string): void; failed(kind: string): void };

export type Metrics = {
  client: ClientMetrics;
  watch: WatchMetrics;
  controller(name: string): ControllerMetrics;
  /** Does this process lead, by the name of its Lease? */
  leading(name: string, leads: boolean): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
  contentType: string;
};

const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Under controller-runtime's own names, so that its dashboards and alerts work as they are.
 * @param registry the process's, where it has one already: there is one a process.
 */
export function createMetrics(registry: Registry = registryOfProcess()): Metrics {
  const registers = [registry];
  const requests = new Counter({
    name: "rest_client_requests_total",
    help: "Number of HTTP requests, partitioned by status code and method.",
    labelNames: ["code", "method"],
    registers,
  });
  const watchesOpened = new Counter({
    name: "leanvibe_watches_opened_total",
    help: "Watches opened, by kind.",
    labelNames: ["kind"],
    registers,
  });
  const watchesFailed = new Counter({
    name: "leanvibe_watches_failed_total",
    help: "Watches that ended by a fault, by kind.",
    labelNames: ["kind"],
    registers,
  });
  const leader = new Gauge({
    name: "leader_election_master_status",
    help: "Whether this process leads: 1, or stands by: 0.",
    labelNames: ["name"],
    registers,
  });
  return {
    leading: (name, leads) => leader.set({ name }, leads ? 1 : 0),
    client: { answered: (method, status) => requests.inc({ method, code: String(status) }) },
    watch: {
      opened: (kind) => watchesOpened.inc({ kind }),
      failed: (kind) => watchesFailed.inc({ kind }),
    },
    controller: controllerMetrics(registers),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function registryOfProcess(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

function controllerMetrics(registers: Registry[]): (name: string) => ControllerMetrics {
  const by = { labelNames: ["controller"], registers };
  const queue = { labelNames: ["name"], registers };
  const total = new Counter({
    name: "controller_runtime_reconcile_total",
    help: "Total number of reconciliations per controller.",
    labelNames: ["controller", "result"],
    registers,
  });
  const errors = new Counter({
    name: "controller_runtime_reconcile_errors_total",
    help: "Total number of reconciliation errors per controller.",
    ...by,
  });
  const time = new Histogram({
    name: "controller_runtime_reconcile_time_seconds",
    help: "Length of time per reconciliation per controller.",
    buckets: DURATION_BUCKETS_SECONDS,
    ...by,
  });
  const active = new Gauge({
    name: "controller_runtime_active_workers",
    help: "Number of currently used workers per controller.",
    ...by,
  });
  const depth = new Gauge({
    name: "workqueue_depth",
    help: "Current depth of the workqueue, by priority.",
    labelNames: ["name", "priority"],
    registers,
  });
  const adds = new Counter({
    name: "workqueue_adds_total",
    help: "Total number of adds handled by the workqueue.",
    ...queue,
  });
  const retries = new Counter({
    name: "workqueue_retries_total",
    help: "Total number of retries handled by the workqueue.",
    ...queue,
  });
  const latency = new Histogram({
    name: "workqueue_queue_duration_seconds",
    help: "How long in seconds an item stays in the workqueue before being requested.",
    buckets: DURATION_BUCKETS_SECONDS,
    ...queue,
  });
  return (name) => ({
    reconciled(result, seconds) {
      total.inc({ controller: name, result });
      if (result === "error" || result === "stalled") errors.inc({ controller: name });
      time.observe({ controller: name }, seconds);
    },
    queued: (priority, value) => depth.set({ name, priority }, value),
    added: () => adds.inc({ name }),
    retried: () => retries.inc({ name }),
    waited: (seconds) => latency.observe({ name }, seconds),
    working: (workers) => active.set({ controller: name }, workers),
  });
}
