import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../cli/cluster/ports.ts";

/** How an operator is started: ours, from source or bundled, or the Go one. Both answer on HEALTH_ADDRESS. */
export type Command = { program: string; args: readonly string[]; env?: Record<string, string> };

/** An operator's process, looked at from outside. */
export type OperatorProcess = {
  /** From its start until it answered ready. */
  readyMilliseconds: number;
  /** User and system time of all its threads. Linux only, as the next two. */
  cpuSeconds(): number;
  rssMiB(): number;
  peakRssMiB(): number;
  metrics(): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code once it is gone; undefined when it was killed. */
  readonly ended: Promise<number | undefined>;
  /** Graceful, and after 10 s by force. */
  stop(): Promise<void>;
};

/** Caches of a hundred thousand objects take their time to fill. */
const READY_MILLISECONDS = 300_000;
/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Starts it and resolves when it answers ready. @throws Error with the end of its log when it does not. */
export async function startProcess(command: Command, kubeconfig: string, log: string): Promise<OperatorProcess> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const output = openSync(log, "a");
  const begun = performance.now();
  const child = spawn(command.program, command.args, {
    // Its stdin is our lifeline: however this process ends, it ends too.
    stdio: ["pipe", output, output],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      ...command.env,
      KUBECONFIG: kubeconfig,
      HEALTH_ADDRESS: `127.0.0.1:${port}`,
      LEANVIBE_LIFELINE: "stdin",
    },
  });
  closeSync(output);
  child.stdin?.on("error", () => undefined);
  const ended = once(child, "exit").then(([code]: unknown[]) => (typeof code === "number" ? code : undefined));
  const alive = () => child.exitCode === null && child.signalCode === null;
  while (!(await answers(`${url}/readyz`))) {
    if (alive() && performance.now() - begun < READY_MILLISECONDS) {
      await sleep(5);
      continue;
    }
    child.kill("SIGKILL");
    throw new Error(`${command.program} did not become ready; the end of its log:\n${lastLines(log)}`);
  }
  const readyMilliseconds = performance.now() - begun;
  const { pid = 0 } = child;
  return {
    readyMilliseconds,
    cpuSeconds: () => cpuSecondsOf(pid),
    rssMiB: () => memoryOf(pid, "VmRSS"),
    peakRssMiB: () => memoryOf(pid, "VmHWM"),
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
    signal: (signal) => void child.kill(signal),
    ended,
    async stop() {
      child.kill("SIGTERM");
      const late = sleep(10_000, undefined, { ref: false }).then(() => child.kill("SIGKILL"));
      await Promise.race([ended, late]);
      await ended;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function lastLines(path: string): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-5).join("\n");
}

function cpuSecondsOf(pid: number): number {
  // Behind the name in parentheses, which may hold spaces: state is field 3, utime 14 and stime 15.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) / 1024;
}
