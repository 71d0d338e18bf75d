import { setTimeout as sleep } from "node:timers/promises";
import { serveHealth } from "@leanvibe/runtime";
import { type Logger, pino } from "pino";
import { buildApp } from "./app.ts";
import type { Config } from "./config.ts";
import { readModels } from "./gateway/models.ts";
import { buildGateway } from "./gateway/routes.ts";
import { handlersOf } from "./outbox/handlers.ts";
import { repeat } from "./outbox/repeat.ts";
import { startWorker } from "./outbox/worker.ts";
import { openParts, type Parts } from "./parts.ts";

/** A minute is written down so long after its end, at most. */
const ANALYTICS_MILLISECONDS = 10_000;

export type RunningServer = {
  /** Where it listens; PORT=0 takes any free port. */
  url: string;
  metricsUrl: string;
  /** Of the gateway to models, where there is one. */
  gatewayUrl: string | undefined;
  /**
   * Takes no new requests, answers those under way, and closes everything. Before that it goes on for as long as it
   * lingers: until all who send requests here have heard that it is going, none of theirs is turned away.
   */
  stop(lingerSeconds?: number): Promise<void>;
};

/** @throws UnsafeDatabaseError; Error when the database cannot be reached or a port is taken. */
export async function startServer(
  config: Config,
  log: Logger = pino({ level: config.logLevel, base: null }),
): Promise<RunningServer> {
  const { host, port, metricsPort } = config.listen;
  const { parts, close } = await openParts(config, log);
  const life = { stopping: false };
  const app = await buildApp(parts, life);
  const probes = await serveHealth({ host, port: metricsPort, metrics: parts.metrics, ready: () => !life.stopping });
  const gateway = await startGateway(parts);
  const url = await app.listen({ host, port });
  if (config.worker) parts.mirror?.start();
  const writing = repeat(ANALYTICS_MILLISECONDS, log, () =>
    parts.requests.flush(parts.database.worker, { last: false }),
  );
  const worker = config.worker ? await startWorker(parts, handlersOf(parts)) : undefined;
  return {
    url,
    metricsUrl: `http://${host}:${probes.port}/metrics`,
    gatewayUrl: gateway?.url,
    stop: async (lingerSeconds = 0) => {
      life.stopping = true;
      await sleep(lingerSeconds * 1000);
      await Promise.all([app.close(), gateway?.close()]);
      await Promise.all([worker?.stop(), parts.mirror?.stop(), writing.stop()]);
      await parts.requests.flush(parts.database.worker, { last: true }).catch((error: unknown) => {
        log.warn({ err: error }, "what the last minute's requests were is lost");
      });
      await Promise.all([close(), probes.stop()]);
    },
  };
}

/** @throws Error when the table of models cannot be read, or the port is taken */
async function startGateway(parts: Parts): Promise<{ url: string; close(): Promise<void> } | undefined> {
  const { gateway } = parts.config;
  if (gateway === undefined) return undefined;
  const app = buildGateway(parts, { models: await readModels(gateway.models, parts.log) });
  const url = await app.listen({ host: gateway.host, port: gateway.port });
  return { url, close: async () => void (await app.close()) };
}
