import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dataFolder } from "../cluster/layout.ts";
import { ROOT } from "./manifests.ts";

const PROGRAM = join(ROOT, "operator", "src", "main.ts");

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

export type RunningOperator = { pid: number; healthPort: number };

/** The operator that was started here and still runs; undefined when there is none. */
export function findOperator(files: OperatorFiles): RunningOperator | undefined {
  try {
    const state = JSON.parse(readFileSync(files.state, "utf8")) as RunningOperator;
    return isOurs(state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** A pid is used again after a restart of the machine: what runs under it must be our program. */
function isOurs(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.includes(PROGRAM);
}

/**
 * Starts the operator as a process of its own and resolves when it answers ready.
 * @throws Error with the end of its log when it ends before, or is not ready after 30 s.
 */
export async function startOperator(
  files: OperatorFiles,
  options: { detached: boolean; signal?: AbortSignal },
): Promise<RunningOperator> {
  const healthPort = await freePort();
  mkdirSync(dirname(files.log), { recursive: true });
  const log = openSync(files.log, "a");
  const child = spawn(process.execPath, [PROGRAM], {
    cwd: ROOT,
    detached: options.detached,
    stdio: ["ignore", log, log],
    env: { ...process.env, KUBECONFIG: files.kubeconfig, HEALTH_ADDRESS: `127.0.0.1:${healthPort}` },
  });
  closeSync(log);
  if (options.detached) child.unref();
  if (child.pid === undefined) throw new Error(`the operator did not start: ${PROGRAM}`);
  const running = { pid: child.pid, healthPort };
  writeFileSync(files.state, JSON.stringify(running));
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    options.signal?.throwIfAborted();
    if (await isReady(healthPort)) return running;
    if (child.exitCode !== null) break;
  }
  await stopOperator(files);
  const last = readFileSync(files.log, "utf8").trimEnd().split("\n").slice(-5).join("\n");
  throw new Error(`the operator did not become ready; the end of its log (${files.log}):\n${last}`);
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

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
