import { createRequire } from "node:module";
import type { KubeConfig } from "@kubernetes/client-node";
import {
  connect,
  createEventRecorder,
  createMetrics,
  credentialsOf,
  Informers,
  type Log,
  messageOf,
  serveHealth,
} from "@leanvibe/runtime";
import { FIELD_MANAGERS } from "@leanvibe/schema";
import { pino } from "pino";
import { type Config, parseConfig } from "./config.ts";
import { CONTROLLERS } from "./controllers.ts";
import { OperatorShell, type Part } from "./shell.ts";
import { sameQuantity } from "./tenant/quota.ts";

const { version }: { version: string } = createRequire(import.meta.url)("../package.json");

/** Puts the process together: health first, so that it can say "not ready", then watches, then the work. */
async function assemble(config: Config, log: Log, kubeConfig: KubeConfig): Promise<Part[]> {
  const metrics = createMetrics();
  const credentials = await credentialsOf(kubeConfig);
  const transport = connect(credentials, { userAgent: `leanvibe-operator/${version}`, metrics: metrics.client });
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const controllers = CONTROLLERS.map(({ create }) =>
    create({
      informers,
      applier: { transport, fieldManager: FIELD_MANAGERS.operator, sameValue: sameQuantity },
      record: createEventRecorder({ transport, component: "leanvibe-operator", log }),
      log,
      metrics,
      now: () => new Date(),
      workers: config.workers,
      networkProbeImage: config.networkProbeImage,
    }),
  );
  let synced = false;
  let health: Awaited<ReturnType<typeof serveHealth>> | undefined;
  return [
    { name: "transport", start: async () => undefined, stop: () => transport.close() },
    {
      name: "health",
      async start() {
        health = await serveHealth({ ...config.health, metrics, ready: () => synced && informers.fresh() });
        log.info({ port: health.port, server: credentials.server, version }, "operator starting");
      },
      stop: async () => health?.stop(),
    },
    {
      name: "informers",
      async start() {
        const begun = performance.now();
        await informers.start();
        synced = true;
        log.info({ milliseconds: Math.round(performance.now() - begun) }, "caches filled");
      },
      stop: () => informers.stop(),
    },
    {
      name: "controllers",
      async start() {
        for (const controller of controllers) controller.start();
        log.info({ controllers: controllers.length, workers: config.workers }, "operator ready");
      },
      async stop() {
        await Promise.all(controllers.map((controller) => controller.stop()));
      },
    },
  ];
}

async function main(): Promise<void> {
  let config: Config;
  try {
    config = parseConfig(process.env);
  } catch (error) {
    process.stderr.write(`leanvibe-operator: wrong environment\n${messageOf(error)}\n`);
    process.exit(2);
  }
  const log = pino({ level: config.logLevel, base: null });
  const shell = new OperatorShell((kubeConfig) => assemble(config, log, kubeConfig));
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping: finishing what runs");
    await shell.stopParts();
    process.exit(0);
  };
  // Started by a program that must not leave us behind, however it ends: it holds the other end of our stdin.
  if (process.env["LEANVIBE_LIFELINE"] === "stdin") process.stdin.resume().on("end", () => stop("lifeline"));
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  await shell.start();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-operator: ${messageOf(error)}\n`);
  process.exit(1);
}
