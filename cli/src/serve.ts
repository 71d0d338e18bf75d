import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "../cluster/layout.ts";
import { type Lock, takeLock } from "../cluster/lock.ts";
import type { Database, DatabaseOptions } from "../database/database.ts";
import { planDatabase, startDatabase, stopDatabase } from "../database/ladder.ts";
import { apiFolder, apiProgram, findApi, isReady, type RunningApi, startApi, stopApi } from "./api.ts";
import { line } from "./command-line.ts";
import { keysFile } from "./keys.ts";
import { findMailCatcher, mailFolder, smtpUrl, startMailCatcher, stopMailCatcher } from "./mail-catcher.ts";
import { watchMail } from "./mailbox.ts";
import { prepareDatabase } from "./migrate.ts";
import { never, type Part, type PartOptions, timed } from "./part.ts";
import { duration, type Reporter } from "./terminal.ts";

/** A database and the API on it; told of as soon as it works, whatever else is still under way. */
export async function serve(
  name: string,
  { detach, reporter, signal, gatewayPort }: PartOptions,
  withCluster: boolean,
): Promise<Part> {
  const env = process.env;
  const waits = () => reporter.say("  another process starts or stops the API here: waiting for it");
  const lock = await lockApi(name, env, waits, signal);
  try {
    const running = await findWhole(name, env);
    const found = running !== undefined;
    const { url, ended, stop } = found
      ? { url: running.url, ended: never(), stop: async () => undefined }
      : await start(name, { env, detach, reporter, signal, gatewayPort, withCluster });
    if (!detach)
      watchMail(mailFolder(name, env), signal, ({ to, subject }) => reporter.say(`  mail to ${to}: ${subject}`));
    const lines = nextLines(url);
    const usable = ["", "The API answers; in another terminal:", "", ...lines.map((line) => `  ${line}`), ""];
    reporter.ready({ api: url, commands: lines }, found ? [`  API ${url} is up already`] : usable);
    const { log } = apiProgram(name, env);
    return { alreadyUp: found, result: { api: url }, lines, logs: { "the API": log }, ended, stop };
  } finally {
    lock.release();
  }
}

/** The API that an earlier run started, when all that it stands on still answers. */
async function findWhole(name: string, env: NodeJS.ProcessEnv): Promise<RunningApi | undefined> {
  const running = findApi(name, env);
  if (running === undefined || !(await isReady(running.url))) return undefined;
  const catcher = findMailCatcher(name, env);
  const mailed = env["SMTP_URL"] ?? (catcher && smtpUrl(catcher));
  return running.settings["SMTP_URL"] === mailed ? running : undefined;
}

/** Only one process at a time starts or stops the API of a name. */
function lockApi(name: string, env: NodeJS.ProcessEnv, onWait: () => void, signal?: AbortSignal): Promise<Lock> {
  // Outside of the folders that a reset deletes.
  return takeLock(join(dataFolder(env), `api-${name}.lock`), onWait, signal);
}

type Start = Pick<PartOptions, "detach" | "reporter" | "signal" | "gatewayPort"> & {
  env: NodeJS.ProcessEnv;
  /** Whether there will be one; else nothing waits for it. */
  withCluster: boolean;
};

async function start(
  name: string,
  { env, detach, reporter, signal, gatewayPort, withCluster }: Start,
): Promise<Pick<Part, "ended" | "stop"> & { url: string }> {
  // By it a reset finds what is begun here.
  mkdirSync(apiFolder(name, env), { recursive: true });
  // What does not answer, or is left from another life of its database.
  await Promise.all([stopApi(name, env), stopMailCatcher(name, env)]);
  const database = await ensureDatabase(
    { name, env, signal, lifetime: detach ? "detached" : "parent", progress: (event) => reporter.progress(event) },
    reporter,
  );
  try {
    const options = { env, detached: detach, signal, say: (line: string) => reporter.say(line) };
    const [api, catcher] = await timed(reporter, "API ready", async () => {
      const preparing = prepareDatabase(database, keysFile(name, database, env), env);
      // Who names a mail server wants mail to be sent.
      const catching = env["SMTP_URL"] === undefined ? startMailCatcher(name, options) : undefined;
      // When one fails the other must not still be about to start.
      await Promise.allSettled([preparing, catching]);
      const [settings, started] = [await preparing, await catching];
      signal.throwIfAborted();
      const SMTP_URL = started === undefined ? (env["SMTP_URL"] ?? "") : smtpUrl(started);
      return [
        await startApi(name, { ...settings, SMTP_URL, ...clusterSettings(withCluster, gatewayPort) }, options),
        started,
      ] as const;
    });
    const ended = Promise.race([
      api.ended.then(() => `the API ended by itself; its log is ${apiProgram(name, env).log}`),
      catcher?.ended.then(() => "the mail catcher ended by itself") ?? never(),
    ]);
    return { url: api.url, ended, stop: async () => void (await stopServing(name, false, env)) };
  } catch (error) {
    await stopBoth(name, false, env);
    throw error;
  }
}

/** Pods reach the gateway by an address of this machine that is not known yet; whoever is no agent is refused there. */
function clusterSettings(withCluster: boolean, port: number) {
  if (!withCluster) return { KUBERNETES: "off" } as const;
  return { KUBERNETES: "wait", GATEWAY_ADDRESS: `0.0.0.0:${port}` } as const;
}

async function ensureDatabase(options: DatabaseOptions, reporter: Reporter): Promise<Database> {
  const plan = await planDatabase(options);
  reporter.say(`Database: ${plan.why}`);
  for (const { rung, why } of plan.passedOver) reporter.say(`  not ${rung}: ${why}`);
  reporter.say(`  expected: about ${duration(plan.expectedSeconds)}. ${plan.howToChooseOtherwise}`);
  return await timed(reporter, "database up", () => startDatabase(options));
}

/** Lines that run as they stand, wherever the other terminal is. */
function nextLines(url: string): string[] {
  return [
    `TOKEN=$(${line("token")})`,
    `curl -H "Authorization: Bearer $TOKEN" -H "X-Tenant-ID: acme" ${url}/api/v1/projects`,
  ];
}

/** @returns what of the API of that name ran */
export async function stopServing(name: string, deleteData: boolean, env: NodeJS.ProcessEnv): Promise<string[]> {
  // Whoever else stops it at the same time is waited for, and nothing is left to do then.
  const lock = await lockApi(name, env, () => undefined);
  try {
    return await stopBoth(name, deleteData, env);
  } finally {
    lock.release();
  }
}

async function stopBoth(name: string, deleteData: boolean, env: NodeJS.ProcessEnv): Promise<string[]> {
  const [api] = await Promise.all([stopApi(name, env), stopMailCatcher(name, env)]);
  const database = await stopDatabase(name, { deleteData }, env);
  if (deleteData) rmSync(apiFolder(name, env), { recursive: true, force: true });
  return [...(api ? [`API of ${name}`] : []), ...(database ? [`database of ${name}`] : [])];
}
