import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ended } from "./command.ts";
import type { Component } from "./components.ts";

/** How to run a component here: its program and arguments on this machine, or in the cluster's namespaces. */
export type CommandLine = (component: Component) => {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
};

const RESTARTS = 5;
const RESTART_DELAY_MILLISECONDS = 1000;
/** A component that ran for so long had started well: its earlier ends no longer count. */
const HEALTHY_AFTER_MILLISECONDS = 60_000;
const QUOTED_LOG_LINES = 3;
const GRACE_MILLISECONDS = 5000;

/** The running components of one cluster: each writes to its own log file and is started again when it ends. */
export class Processes {
  readonly #commandLine: CommandLine;
  readonly #logs: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #fail: (reason: string) => void;
  #stopping = false;

  /** Rejects when a component has ended too often; the cluster is of no use then. */
  readonly failed: Promise<never>;

  constructor(commandLine: CommandLine, logs: string) {
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined); // Whoever waits hears of it; when nobody does, nothing is wrong.
    this.failed = failure.promise;
    this.#fail = (reason) => failure.reject(new Error(reason));
    this.#commandLine = commandLine;
    this.#logs = logs;
  }

  start(component: Component): void {
    void this.#keepRunning(component);
  }

  /** Asks every component to end and waits up to 5 s, then ends the rest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const children = [...this.#running.values()];
    // The end of stdin is a component's lifeline; kwok and etcd also take the signal.
    for (const child of children) child.stdin?.end();
    for (const child of children) child.kill("SIGTERM");
    const gone = Promise.all(
      children.map((child) => (child.exitCode === null && child.signalCode === null ? ended(child) : undefined)),
    );
    await Promise.race([gone, sleep(GRACE_MILLISECONDS, undefined, { ref: false })]);
    for (const child of children) child.kill("SIGKILL");
  }

  async #keepRunning(component: Component): Promise<void> {
    for (let ends = 0; !this.#stopping; ends++) {
      const startedAt = Date.now();
      const reason = await this.#once(component);
      if (this.#stopping) return;
      if (Date.now() - startedAt > HEALTHY_AFTER_MILLISECONDS) ends = 0;
      if (ends >= RESTARTS) {
        const log = join(this.#logs, `${component.name}.log`);
        // A test cluster's log is deleted with it, so its end is told here.
        const end = readFileSync(log, "utf8").trim().split("\n").slice(-QUOTED_LOG_LINES).join("\n");
        this.#fail(`${component.name} ${reason ?? "ended"} ${RESTARTS + 1} times; the end of ${log}:\n${end}`);
        return;
      }
      await sleep(RESTART_DELAY_MILLISECONDS);
    }
  }

  async #once(component: Component): Promise<string | undefined> {
    const { program, args, env } = this.#commandLine(component);
    const log = openSync(join(this.#logs, `${component.name}.log`), "a");
    const child = spawn(program, args, {
      stdio: ["pipe", log, log],
      env: { ...env, LEANVIBE_LIFELINE: "stdin" },
    });
    this.#running.set(component.name, child);
    child.stdin?.on("error", () => undefined);
    try {
      return await ended(child);
    } finally {
      closeSync(log);
      this.#running.delete(component.name);
    }
  }
}
