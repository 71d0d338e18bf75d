import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ROOT } from "./manifests.ts";

/** A program of ours that runs beside the command that started it, and may outlive it. */
export type Program = {
  /** As messages call it. */
  name: string;
  /** Its main files: whatever else runs under its pid is not it. The first is what is started unless another is said. */
  mains: readonly [string, ...string[]];
  /** Where it writes what it has to say. */
  log: string;
  /** Where it is remembered while it runs. */
  state: string;
  /** Whether the one on that port is fit for work. */
  isReady(port: number): Promise<boolean>;
};

const runningProgram = z.object({ pid: z.int().positive(), port: z.int() });

/** `port`: where it listens, on 127.0.0.1. */
export type Running = z.output<typeof runningProgram>;

/** One that this process started: `ended` resolves when it is gone, with its exit code unless it was killed. */
export type Started = Running & { ended: Promise<number | undefined> };

export type StartOptions = {
  port: number;
  /** Detached it lives until it is stopped; otherwise it ends with this process, however that ends. */
  detached: boolean;
  env: NodeJS.ProcessEnv;
  /** Another of its main files than the first. */
  main?: string | undefined;
  signal?: AbortSignal | undefined;
};

const READY_SECONDS = 30;
const GRACE_SECONDS = 10;
const POLL_MILLISECONDS = 50;
const QUOTED_LOG_LINES = 5;

/** The one that was started here and still runs; undefined when there is none. */
export function findProgram(program: Program): Running | undefined {
  try {
    const state = runningProgram.parse(JSON.parse(readFileSync(program.state, "utf8")));
    return isOurs(program, state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** A pid is used again after a restart of the machine: what runs under it must be our program. */
function isOurs({ mains }: Program, pid: number): boolean {
  const line = commandLineOf(pid);
  return mains.some((main) => line.includes(main));
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
 * Starts it as a process of its own and resolves when it is ready.
 * @throws Error with the end of its log when it ends before, or is not ready after 30 s.
 */
export async function startProgram(program: Program, options: StartOptions): Promise<Started> {
  const { port, signal } = options;
  mkdirSync(dirname(program.log), { recursive: true });
  const child = launch(program, options);
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("exit", (code) => resolve(code ?? undefined));
    child.once("error", () => resolve(undefined));
  });
  if (child.pid === undefined) throw new Error(`${program.name} did not start: ${options.main ?? program.mains[0]}`);
  writeFileSync(program.state, JSON.stringify({ pid: child.pid, port }));
  try {
    await untilReady(program, child, options);
  } catch (error) {
    child.kill("SIGKILL");
    rmSync(program.state, { force: true });
    signal?.throwIfAborted();
    const last = readFileSync(program.log, "utf8").trimEnd().split("\n").slice(-QUOTED_LOG_LINES).join("\n");
    throw new Error(`${String(error)}; the end of its log (${program.log}):\n${last}`);
  }
  return { pid: child.pid, port, ended };
}

function launch(program: Program, { detached, env, main = program.mains[0] }: StartOptions): ChildProcess {
  const log = openSync(program.log, "a", 0o600);
  const child = spawn(process.execPath, [main], {
    cwd: ROOT,
    // A group of its own: the terminal's Ctrl-C is ours to pass on, once.
    detached: true,
    stdio: [detached ? "ignore" : "pipe", log, log],
    env: { ...env, LEANVIBE_LIFELINE: detached ? "" : "stdin" },
  });
  closeSync(log);
  child.stdin?.on("error", () => undefined);
  if (detached) child.unref();
  return child;
}

async function untilReady(program: Program, child: ChildProcess, { port, signal }: StartOptions): Promise<void> {
  for (const end = Date.now() + READY_SECONDS * 1000; Date.now() < end; await sleep(POLL_MILLISECONDS)) {
    signal?.throwIfAborted();
    if (await program.isReady(port)) return;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${program.name} ended at once`);
  }
  throw new Error(`${program.name} was not ready within ${READY_SECONDS} s`);
}

/** Stops it gracefully, and after 10 s by force. False when none ran. */
export async function stopProgram(program: Program): Promise<boolean> {
  const running = findProgram(program);
  rmSync(program.state, { force: true });
  if (running === undefined) return false;
  process.kill(running.pid, "SIGTERM");
  for (const end = Date.now() + GRACE_SECONDS * 1000; Date.now() < end; await sleep(POLL_MILLISECONDS)) {
    if (!isOurs(program, running.pid)) return true;
  }
  process.kill(running.pid, "SIGKILL");
  return true;
}

/** Whether something says 200 there. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
