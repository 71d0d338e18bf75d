import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { dataFolder } from "../cluster/layout.ts";
import { freePorts } from "../cluster/ports.ts";
import { ROOT } from "./manifests.ts";

/** The operator as it ships, made by {@link bundleOperator}; also what `npm start` and the tests run. */
export const OPERATOR_BUNDLE = join(ROOT, "operator", "dist", "leanvibe-operator.mjs");
/** The same from its sources: three times as slow to start, and with no step between a change and its effect. */
export const OPERATOR_SOURCE = join(ROOT, "operator", "src", "main.ts");

/** Makes the bundle of what the sources are now; a third of a second. @throws Error with what is wrong in them. */
export async function bundleOperator(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, "operator", "build.ts")], { cwd: ROOT });
}

/** Where the operator of one cluster keeps what it needs outside of it. */
export type OperatorFiles = { kubeconfig: string; log: string; state: string };

/** The files of the operator that works on the cluster of this name. */
export function operatorFiles(cluster: string, env: NodeJS.ProcessEnv): OperatorFiles {
  const folder = join(dataFolder(env), "operator", cluster);
  return {
    kubeconfig: join(folder, "kubeconfig"),
    log: join(folder, "operator.log"),
    state: join(folder, "process.json"),
  };
}

const runningOperator = z.object({ pid: z.int().positive(), healthPort: z.int() });

export type RunningOperator = z.output<typeof runningOperator>;

/** An operator that this process started: `ended` resolves when it is gone, with its exit code unless it was killed. */
export type StartedOperator = RunningOperator & { ended: Promise<number | undefined> };

/** The operator that was started here and still runs; undefined when there is none. */
export function findOperator(files: OperatorFiles): RunningOperator | undefined {
  try {
    const state = runningOperator.parse(JSON.parse(readFileSync(files.state, "utf8")));
    return isOurs(state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** A pid is used again after a restart of the machine: what runs under it must be our program. */
function isOurs(pid: number): boolean {
  return [OPERATOR_BUNDLE, OPERATOR_SOURCE].some((program) => commandLineOf(pid).includes(program));
}

function commandLineOf(pid: number): string {
  try {
    // Not every Linux has ps; every one has this.
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
  return spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}

/**
 * Starts the operator as a process of its own and resolves when it answers ready. Detached it lives until it is stopped;
 * otherwise it ends with this process, however that ends. `env` holds settings that suit the cluster; what the person has set goes before them.
 * `program` is the bundle unless that is said; it must have been made.
 * @throws Error with the end of its log when it ends before, or is not ready after 30 s.
 */
export async function startOperator(
  files: OperatorFiles,
  options: LaunchOptions & { signal?: AbortSignal },
): Promise<StartedOperator> {
  const [healthPort = 0] = await freePorts(1);
  mkdirSync(dirname(files.log), { recursive: true });
  const child = launch(files, healthPort, options);
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("exit", (code) => resolve(code ?? undefined));
    child.once("error", () => resolve(undefined));
  });
  if (child.pid === undefined) throw new Error(`the operator did not start: ${options.program ?? OPERATOR_BUNDLE}`);
  writeFileSync(files.state, JSON.stringify({ pid: child.pid, healthPort }));
  try {
    await untilReady(child, healthPort, options.signal);
  } catch (error) {
    child.kill("SIGKILL");
    rmSync(files.state, { force: true });
    options.signal?.throwIfAborted();
    const last = readFileSync(files.log, "utf8").trimEnd().split("\n").slice(-5).join("\n");
    throw new Error(`${String(error)}; the end of its log (${files.log}):\n${last}`);
  }
  return { pid: child.pid, healthPort, ended };
}

type LaunchOptions = { detached: boolean; env?: NodeJS.ProcessEnv; program?: string };

function launch(
  files: OperatorFiles,
  healthPort: number,
  { detached, env, program = OPERATOR_BUNDLE }: LaunchOptions,
): ChildProcess {
  const log = openSync(files.log, "a");
  const child = spawn(process.execPath, [program], {
    cwd: ROOT,
    // A group of its own: the terminal's Ctrl-C is ours to pass on, once.
    detached: true,
    stdio: [detached ? "ignore" : "pipe", log, log],
    env: {
      ...env,
      // What a person has set goes before what we think fits the cluster.
      ...process.env,
      KUBECONFIG: files.kubeconfig,
      HEALTH_ADDRESS: `127.0.0.1:${healthPort}`,
      LEANVIBE_LIFELINE: detached ? "" : "stdin",
    },
  });
  closeSync(log);
  child.stdin?.on("error", () => undefined);
  if (detached) child.unref();
  return child;
}

async function untilReady(child: ChildProcess, healthPort: number, signal: AbortSignal | undefined): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    signal?.throwIfAborted();
    if (await isReady({ healthPort })) return;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("the operator ended at once");
  }
  throw new Error("the operator was not ready within 30 s");
}

/** Stops it gracefully, and after 10 s by force. False when none ran. */
export async function stopOperator(files: OperatorFiles): Promise<boolean> {
  const running = findOperator(files);
  rmSync(files.state, { force: true });
  if (running === undefined) return false;
  process.kill(running.pid, "SIGTERM");
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(50)) {
    if (!isOurs(running.pid)) return true;
  }
  process.kill(running.pid, "SIGKILL");
  return true;
}

/** Is it fit for work: caches filled, watches heard? One that stands by is too. */
export async function isReady({ healthPort }: Pick<RunningOperator, "healthPort">): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${healthPort}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
