import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import {
  type Controller,
  connect,
  createEventRecorder,
  createMetrics,
  credentialsOf,
  type Election,
  election,
  Informers,
  type Log,
  type Metrics,
  serveHealth,
  type Transport,
} from "@leanvibe/runtime";
import { FIELD_MANAGERS, LEASES, SYSTEM_NAMESPACE } from "@leanvibe/schema";
// By an import, so that the version is in the bundle too, which has no package.json beside it.
import manifest from "../package.json" with { type: "json" };
import type { Config } from "./config.ts";
import { CONTROLLERS } from "./controllers.ts";
import type { Part } from "./shell.ts";
import { sameQuantity } from "./tenant/quota.ts";

const { version } = manifest;

/** What was made only for a while is taken back in this time, or by the next start. */
const TIDY_MILLISECONDS = 2_000;
/** Requests under way may take this long at a stop: with the release of the Lease less than the 10 s until a kill. */
const FINISH_MILLISECONDS = 6_000;

/** Puts the process together: health first, so that it can say "not ready", then watches, then who leads, then the work. */
export async function assemble(config: Config, log: Log, kubeConfig: KubeConfig): Promise<Part[]> {
  const metrics = createMetrics();
  const credentials = await credentialsOf(kubeConfig);
  const userAgent = `leanvibe-operator/${version}`;
  // Not counted with the work's requests: a renewal every two seconds is no write that anybody looks for.
  const leaseTransport = connect(credentials, { userAgent });
  const controllers: Controller[] = [];
  const lead = leadership({ config, log, metrics, transport: leaseTransport, controllers });
  const stop = new AbortController();
  const mayWrite = () => lead.leading() && !stop.signal.aborted;
  const transport = connect(credentials, { userAgent, metrics: metrics.client, mayWrite });
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const events = createEventRecorder({ transport, component: "leanvibe-operator", log });
  for (const { create } of CONTROLLERS) {
    const applier = { transport, fieldManager: FIELD_MANAGERS.operator, sameValue: sameQuantity };
    const { record } = events;
    const now = () => new Date();
    const { workers, networkProbeImage, agents } = config;
    controllers.push(create({ informers, applier, record, log, metrics, now, workers, networkProbeImage, agents }));
  }
  return [
    {
      name: "transport",
      start: async () => undefined,
      stop: async () => void (await Promise.all([transport.close(), leaseTransport.close()])),
    },
    ...watching({ config, log, metrics, server: credentials.server, informers, lead }),
    working({ lead, controllers, log, stop, flush: events.flush }),
  ];
}

/** Of several operators one leads and works; the others have their caches filled and stand by. */
function leadership(by: {
  config: Config;
  log: Log;
  metrics: Metrics;
  transport: Transport;
  controllers: readonly Controller[];
}): Election {
  const { config, log, metrics, controllers } = by;
  metrics.leading(LEASES.operator, false);
  return election({
    transport: by.transport,
    lease: { namespace: SYSTEM_NAMESPACE, name: LEASES.operator },
    identity: `${hostname()}_${randomUUID()}`,
    pace: config.election,
    log,
    onLeading: (undisturbed) => {
      metrics.leading(LEASES.operator, true);
      const begun = performance.now();
      void Promise.all(controllers.map((controller) => controller.start(undisturbed))).then(() => {
        const milliseconds = Math.round(performance.now() - begun);
        log.info({ controllers: controllers.length, workers: config.workers, milliseconds }, "operator at work");
      });
    },
    onLost: (why) => {
      log.error({ why }, "no longer leading; ending, so that nothing is written twice");
      process.exit(1);
    },
  });
}

function watching(by: {
  config: Config;
  log: Log;
  metrics: Metrics;
  server: string;
  informers: Informers;
  lead: Election;
}): [Part, Part] {
  const { config, log, metrics, server, informers, lead } = by;
  let synced = false;
  let health: Awaited<ReturnType<typeof serveHealth>> | undefined;
  return [
    {
      name: "health",
      async start() {
        health = await serveHealth({ ...config.health, metrics, ready: () => synced && informers.fresh() });
        log.info({ port: health.port, server, version }, "operator starting");
      },
      stop: async () => health?.stop(),
    },
    {
      name: "informers",
      async start() {
        const begun = performance.now();
        await lead.look();
        await informers.start();
        synced = true;
        log.info({ milliseconds: Math.round(performance.now() - begun) }, "caches filled; operator ready");
      },
      stop: () => informers.stop(),
    },
  ];
}

/**
 * The work, begun by whoever leads. At a stop no write is begun any more, what is under way ends, and then the Lease is
 * released: the next one finds nobody at work, acts at once and goes on where we were cut off, as after a crash. Without
 * an answer from the API server nothing ends; then the Lease runs out by itself.
 */
function working(by: {
  lead: Election;
  controllers: readonly Controller[];
  log: Log;
  stop: AbortController;
  flush: () => Promise<void>;
}): Part {
  const { lead, controllers, log, stop, flush } = by;
  return {
    name: "work",
    start: async () => lead.start(),
    async stop() {
      const tidied = Promise.all([flush(), ...controllers.map((controller) => controller.tidy?.())]);
      await Promise.race([tidied, sleep(TIDY_MILLISECONDS)]);
      stop.abort();
      const finished = await Promise.race([
        Promise.all(controllers.map((controller) => controller.stop())).then(() => true),
        sleep(FINISH_MILLISECONDS, false),
      ]);
      if (!finished) log.warn("the API server does not answer what is under way; the Lease is left to run out");
      await lead.stop(finished);
    },
  };
}
