import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { stopContainer } from "../cluster/container.ts";
import { dockerEngine, type Engine, hasImage } from "../cluster/engine.ts";
import type { Database, DatabaseOffer, DatabaseOptions } from "./database.ts";

const IMAGE = "postgres:18-alpine";
const PORT = 5432;
const START_SECONDS = 5;
const PULL_SECONDS = 30;
const START_LIMIT_MILLISECONDS = 30_000;

const stateSchema = z.object({ container: z.string().optional(), password: z.string() });

const imageOf = (env: NodeJS.ProcessEnv) => env["LEANVIBE_POSTGRES_IMAGE"] || IMAGE;
const stateOf = (folder: string) => join(folder, "docker.json");

/** Whether an earlier start kept its data in a container. */
export function hasContainer(folder: string): boolean {
  return existsSync(stateOf(folder));
}

/** Looks; changes nothing. Whoever has no image waits for it only where `pull` says so. */
export async function offerDocker(
  env: NodeJS.ProcessEnv,
  { pull }: { pull: boolean },
): Promise<DatabaseOffer | string> {
  const engine = await dockerEngine(env);
  if (typeof engine === "string") return engine;
  const image = imageOf(env);
  if (await hasImage(engine, image))
    return { rung: "docker", why: `${image} in Docker`, expectedSeconds: START_SECONDS };
  if (pull) return { rung: "docker", why: `${image} in Docker`, expectedSeconds: START_SECONDS + PULL_SECONDS };
  return `the image is not here; docker pull ${image} would bring it.`;
}

/** Starts it, or the stopped container of that folder with its data. @throws Error with the reason */
export async function startDocker(folder: string, options: DatabaseOptions): Promise<Database> {
  const { env, signal } = options;
  const kept = readState(folder);
  const password = kept?.password ?? randomBytes(24).toString("base64url");
  mkdirSync(folder, { recursive: true });
  writeState(folder, { ...kept, password });
  // testcontainers reads this when it is loaded. Its reaper removes what a process started once that process is gone.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  const { GenericContainer, Wait } = await import("testcontainers");
  const local = "socketPath" in (await engineOrThrow(env));
  /** Its port is published to this machine alone, where Docker runs on it: the library publishes to every network. */
  class OnLoopback extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      if (local) this.hostConfig.PortBindings = { [`${PORT}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: "0" }] };
    }
  }
  const started = await new OnLoopback(imageOf(env))
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withExposedPorts(PORT)
    .withLabels({ "leanvibe.io/database": options.name })
    // By the network: while it makes its data folder it listens inside of itself alone.
    .withHealthCheck({ test: ["CMD", "pg_isready", "-h", "127.0.0.1"], interval: 250, timeout: 1_000, retries: 240 })
    .withWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(START_LIMIT_MILLISECONDS)
    // testcontainers' word for a container that is found again by its settings, started when it was stopped.
    .withReuse()
    .start();
  writeState(folder, { password, container: started.getId() });
  signal?.throwIfAborted();
  const host = local ? "127.0.0.1" : started.getHost();
  const ownerUrl = `postgresql://postgres:${password}@${host}:${started.getMappedPort(PORT)}/postgres`;
  return { rung: "docker", ownerUrl };
}

/** @returns whether it ran */
export async function stopDocker(
  folder: string,
  { deleteData }: { deleteData: boolean },
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const container = readState(folder)?.container;
  const running =
    container !== undefined &&
    typeof (await dockerEngine(env)) !== "string" &&
    (await stopContainer(container, { remove: deleteData }));
  if (deleteData) rmSync(stateOf(folder), { force: true });
  return running;
}

async function engineOrThrow(env: NodeJS.ProcessEnv): Promise<Engine> {
  const engine = await dockerEngine(env);
  if (typeof engine === "string") throw new Error(engine);
  return engine;
}

function readState(folder: string) {
  return hasContainer(folder) ? stateSchema.parse(JSON.parse(readFileSync(stateOf(folder), "utf8"))) : undefined;
}

function writeState(folder: string, state: z.output<typeof stateSchema>): void {
  writeFileSync(stateOf(folder), JSON.stringify(state), { mode: 0o600 });
}
