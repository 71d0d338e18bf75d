import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SourceFile } from "@leanvibe/schema";
import type { Command, RunResult, Sandbox, ServiceCall, ServiceResult } from "../sandbox/index.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
/** A place with pytest, coverage and fastapi, where there is one. */
const PYTHON = join(
  process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "/root", ".cache"),
  "leanvibe-agent-python",
);

/**
 * Really runs what it is given, in a temporary folder and WITHOUT any fence: for tests of the loop with code that these
 * tests wrote themselves. Never for a model's code outside of a machine that may be lost.
 */
export async function plainSandbox(): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), "lv-agent-"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const sandbox = new PlainSandbox(folder);
  await sandbox.put([]);
  return sandbox;
}

class PlainSandbox implements Sandbox {
  readonly #folder: string;
  #files: readonly SourceFile[] = [];
  #copies = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(files: readonly SourceFile[]): Promise<void> {
    this.#files = files;
    await rm(this.#workspace(), { recursive: true, force: true });
    await fill(this.#workspace(), files);
  }

  async run(command: Command): Promise<RunResult> {
    const running = await this.#start(command);
    return running.end;
  }

  async serve(command: Command, calls: readonly ServiceCall[]) {
    const socket = join(this.#folder, `s${this.#copies}.sock`);
    await rm(socket, { force: true });
    const running = await this.#start({ ...command, env: { ...command.env, LISTEN_SOCKET: socket } });
    const results: ServiceResult[] = [];
    let over = false;
    void running.end.then(() => {
      over = true;
    });
    for (let waited = 0; waited < 200 && !over; waited += 1) {
      if (await stat(socket).catch(() => undefined)) break;
      await sleep(50);
    }
    for (const call of calls) results.push(await asked(socket, call));
    kill(running.child);
    return { results, run: await running.end };
  }

  async get(paths: readonly string[], maxBytes: number): Promise<SourceFile[]> {
    const found = await Promise.all(
      paths.map(async (path) => ({
        path,
        content: (await readFile(join(this.#workspace(), path), "utf8").catch(() => "")).slice(0, maxBytes),
      })),
    );
    return found.filter(({ content }) => content !== "");
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #workspace(): string {
    return join(this.#folder, "workspace");
  }

  async #start(command: Command) {
    let cwd = this.#workspace();
    if (command.readOnly) {
      this.#copies += 1;
      cwd = join(this.#folder, `copy${this.#copies}`);
      await fill(cwd, this.#files);
      await chmod(cwd, 0o555);
    }
    return started(command, cwd);
  }
}

async function fill(folder: string, files: readonly SourceFile[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { path, content } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

function started(command: Command, cwd: string): { child: ChildProcess; end: Promise<RunResult> } {
  const [program = "", ...args] = command.argv;
  const began = performance.now();
  const path = [
    dirname(process.execPath),
    join(PYTHON, "bin"),
    join(ROOT, "node_modules", ".bin"),
    process.env["PATH"],
  ];
  const child = spawn(program, args, {
    cwd,
    detached: true,
    env: { PATH: path.join(delimiter), HOME: cwd, PYTHONDONTWRITEBYTECODE: "1", ...command.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  let truncated = false;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      const room = command.outputBytes - out.stdout.length - out.stderr.length;
      if (chunk.length > room) truncated = true;
      out[name] += chunk.toString().slice(0, Math.max(0, room));
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(command.stdin ?? "");
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill(child);
  }, command.timeoutMilliseconds);
  const end = new Promise<RunResult>((resolve) => {
    const done = (exitCode: number | null, signal: string | null): void => {
      clearTimeout(timer);
      kill(child);
      resolve({ exitCode, signal, timedOut, ...out, truncated, milliseconds: Math.round(performance.now() - began) });
    };
    child.on("error", (error) => {
      out.stderr += error.message;
      done(127, null);
    });
    child.on("close", done);
  });
  return { child, end };
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function asked(socketPath: string, { method, path, headers, body }: ServiceCall): Promise<ServiceResult> {
  return new Promise((resolve) => {
    const call = request({ socketPath, method, path, headers: { ...headers }, timeout: 10_000 }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: {}, body: text }));
    });
    call.on("error", (error) => resolve({ error: error.message }));
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.end(body);
  });
}
