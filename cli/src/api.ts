import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, getReadiness } from "@leanvibe/client";
import { z } from "zod";
import { dataFolder } from "../cluster/layout.ts";
import { freePortFrom, freePorts } from "../cluster/ports.ts";
import { ROOT } from "./manifests.ts";
import type { DatabaseSettings } from "./migrate.ts";
import { findProgram, type Program, type Started, startProgram, stopProgram } from "./process.ts";

const PORT = 8000;
const READY_MILLISECONDS = 2_000;

/** Where it listens unless somebody else does. */
export function usualPort(env: NodeJS.ProcessEnv): number {
  return Number(env["PORT"]) || PORT;
}

/** Where the API beside the cluster of that name keeps what is its own; what it holds is in the database. */
export function apiFolder(name: string, env: NodeJS.ProcessEnv): string {
  return join(dataFolder(env), "api", name);
}

export function apiProgram(name: string, env: NodeJS.ProcessEnv): Program {
  const folder = apiFolder(name, env);
  return {
    name: "the API",
    mains: [join(ROOT, "api-server", "src", "main.ts")],
    log: join(folder, "api.log"),
    state: join(folder, "process.json"),
    isReady: (port) => isReady(`http://127.0.0.1:${port}`),
  };
}

/** Whether the API there answers requests, as it says itself. */
export async function isReady(baseUrl: string): Promise<boolean> {
  const client = createClient({ baseUrl });
  // Whatever else may be there answers something else, or nothing.
  const answer = await getReadiness({ client, signal: AbortSignal.timeout(READY_MILLISECONDS) }).catch(() => undefined);
  return answer?.data?.status === "ready";
}

/** Where the API looks for the cluster that it works beside. */
export function apiKubeconfig(name: string, env: NodeJS.ProcessEnv): string {
  return join(dataFolder(env), "api-kubeconfigs", name);
}

/** The names under which one was ever started. */
export function apiNames(env: NodeJS.ProcessEnv): string[] {
  const folder = join(dataFolder(env), "api");
  return existsSync(folder) ? readdirSync(folder) : [];
}

const settingsSchema = z.record(z.string(), z.string());

/** The settings with which it was started; what makes tokens for it needs the same. */
export type ApiSettings = z.output<typeof settingsSchema>;

/** An API that was started here and still runs. */
export type RunningApi = { name: string; pid: number; url: string; settings: ApiSettings };

export function findApi(name: string, env: NodeJS.ProcessEnv): RunningApi | undefined {
  const running = findProgram(apiProgram(name, env));
  if (running === undefined) return undefined;
  const settings = settingsSchema.parse(JSON.parse(readFileSync(settingsFile(name, env), "utf8")));
  return { name, pid: running.pid, url: urlOf(running.port), settings };
}

export type StartedApi = Started & { url: string };

/**
 * Starts it on port 8000 or the next one that is free. What the person has set goes before what suits a development; that
 * it is heard on this machine alone does not: anybody may make tenants there.
 * @throws Error with the end of its log when it ends before it is ready.
 */
export async function startApi(
  name: string,
  given: DatabaseSettings & { SMTP_URL: string; KUBERNETES: "wait" | "off"; GATEWAY_ADDRESS?: string },
  options: { env: NodeJS.ProcessEnv; detached: boolean; signal: AbortSignal; say: (line: string) => void },
): Promise<StartedApi> {
  const { env, detached, signal, say } = options;
  const wanted = usualPort(env);
  const port = await freePortFrom(wanted);
  if (port !== wanted) say(`  port ${wanted} is taken: the API listens on ${port}`);
  const [metricsPort = 0] = await freePorts(1);
  const url = urlOf(port);
  const settings = {
    ...given,
    HOST: "127.0.0.1",
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    PUBLIC_URL: url,
    TENANT_CREATION: env["TENANT_CREATION"] ?? "open",
    // Never the cluster that the person's own kubeconfig names: the one that is made beside it, when it is there.
    KUBECONFIG: apiKubeconfig(name, env),
  };
  writeFileSync(settingsFile(name, env), JSON.stringify(settings), { mode: 0o600 });
  const started = await startProgram(apiProgram(name, env), { port, detached, env: { ...env, ...settings }, signal });
  return { ...started, url };
}

/** Where the gateway of an API that runs is, or else where one that begins is to be. */
export async function gatewayPort(name: string, env: NodeJS.ProcessEnv): Promise<number> {
  const [, port] = /:(\d+)$/.exec(findApi(name, env)?.settings["GATEWAY_ADDRESS"] ?? "") ?? [];
  const [free = 0] = port === undefined ? await freePorts(1) : [Number(port)];
  return free;
}

/** Stops it gracefully, and after 10 s by force. False when none ran. */
export function stopApi(name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return stopProgram(apiProgram(name, env));
}

function settingsFile(name: string, env: NodeJS.ProcessEnv): string {
  return join(apiFolder(name, env), "settings.json");
}

function urlOf(port: number): string {
  return `http://localhost:${port}`;
}
