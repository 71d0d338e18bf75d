import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import { findProgram } from "../../cli/cluster/requirements.ts";
import { scratchFolder } from "./scratch.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIN = join(ROOT, "cli", "src", "main.ts");

/** What the database from npm is run by, and nothing that could make a cluster. */
const PROGRAMS = ["sh", "cat", "dirname", "id", "setpriv", "ps", "curl", "jq"];

/** A home of its own for `leanvibe`, on a machine that has neither Docker nor Go. */
export class Home {
  readonly env: NodeJS.ProcessEnv;
  readonly folder = scratchFolder("home");
  readonly #ups: Up[] = [];

  constructor(more: NodeJS.ProcessEnv = {}) {
    // For root the database runs under another account, which must come to its files.
    chmodSync(this.folder, 0o755);
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    for (const name of PROGRAMS) {
      const path = findProgram(name, process.env);
      if (path !== undefined) symlinkSync(path, join(bin, name));
    }
    symlinkSync(process.execPath, join(bin, "node"));
    this.env = {
      PATH: bin,
      HOME: this.folder,
      KUBECONFIG: join(this.folder, "no-kubeconfig"),
      DOCKER_HOST: `unix://${this.folder}/no-docker.sock`,
      ...more,
    };
  }

  /** Runs a command to its end. */
  async leanvibe(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const running = promisify(execFile)(process.execPath, [MAIN, ...args], { env: this.env });
    return await running.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  }

  /** `leanvibe up` in the foreground, as far as it has come. */
  up(): Up {
    const child = spawn(process.execPath, [MAIN, "up", "--json"], {
      env: this.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const up = new Up(child);
    this.#ups.push(up);
    return up;
  }

  /** Ends all that runs here, and removes what it left. */
  async leave(): Promise<void> {
    await Promise.all(this.#ups.map((up) => up.stop()));
    await this.leanvibe("reset");
  }

  /** A line of the documentation, as a shell takes it. */
  async shell(script: string): Promise<string> {
    const { stdout } = await promisify(execFile)("sh", ["-c", script], { env: this.env });
    return stdout;
  }
}

export type Event = { event: string } & Record<string, unknown>;

export class Up {
  readonly child: ChildProcess;
  readonly events: Event[] = [];
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    this.ended = once(child, "close").then(([code]) => code);
    if (child.stdout === null) throw new Error("its output is not read");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line));
      this.#wake();
    });
    void this.ended.then(() => this.#wake());
  }

  /** The first event of that kind, as soon as it is told. */
  async event(kind: string): Promise<Event> {
    for (;;) {
      const found = this.events.find(({ event }) => event === kind);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended before ${kind}: ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async stop(): Promise<number | null> {
    if (this.child.exitCode === null) this.child.kill("SIGINT");
    return await this.ended;
  }
}

/**
 * For the tests of a file: `npm start` with nothing in it, and what runs lines as they stand in the documentation. Where
 * 8000 is somebody else's, the API has another port.
 */
export function documented(): (script: string) => Promise<string> {
  const home = new Home();
  let port = "";
  beforeAll(async () => {
    const { api } = await home.up().event("ready");
    port = new URL(String(api)).port;
  }, 180_000);
  afterAll(() => home.leave(), 120_000);
  return async (script) => {
    const printed = await home.shell(`cd '${ROOT}'\n${script.replaceAll(":8000", `:${port}`)}`);
    return printed.replaceAll(`:${port}`, ":8000").trimEnd();
  };
}
