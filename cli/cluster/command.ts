import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** A file that the program reads as its stdin. */
  readonly inputFile?: string;
  /** Kills the command (SIGKILL) when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Kills the command after so long; the error says so. Default: no limit. */
  readonly timeoutSeconds?: number;
  /** Called with each line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
}

/** A command ended with another code than 0, was killed or could not be started; `output` is the end of what it printed. */
export class CommandFailed extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(output === "" ? message : `${message}: ${output}`);
    this.name = "CommandFailed";
    this.output = output;
  }
}

const KEPT_OUTPUT_CHARACTERS = 1_000_000;
const QUOTED_OUTPUT_LINES = 5;

/** Runs a program without a shell and returns its stdout. Throws CommandFailed. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const timeout = options.timeoutSeconds === undefined ? [] : [AbortSignal.timeout(options.timeoutSeconds * 1000)];
  const signal = AbortSignal.any([...(options.signal ? [options.signal] : []), ...timeout]);
  signal.throwIfAborted();
  const file = options.inputFile === undefined ? undefined : openSync(options.inputFile, "r");
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    // Of its own, so that Ctrl-C reaches only us and a compiler's children can be ended together with it.
    detached: true,
    stdio: [file ?? "pipe", "pipe", "pipe"],
  });
  if (file !== undefined) closeSync(file);
  const kill = () => killGroup(child);
  signal.addEventListener("abort", kill, { once: true });
  child.stdin?.on("error", () => undefined); // The program may end without reading; its exit code says what matters.
  child.stdin?.end(options.input ?? "");
  const output = collect(child, options.onLine);
  try {
    const failure = await ended(child);
    options.signal?.throwIfAborted();
    if (signal.aborted) {
      throw new CommandFailed(`${program} did not answer within ${options.timeoutSeconds} s`, tail(output.stderr));
    }
    if (failure) throw new CommandFailed(`${program} ${failure}`, tail(output.stderr || output.stdout));
    return output.stdout;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Resolves with undefined after exit code 0, else with how the process ended. */
export function ended(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`cannot be started (${error.message})`));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`);
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

function collect(child: ChildProcess, onLine: ((line: string) => void) | undefined) {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    let rest = "";
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      output[name] = (output[name] + text).slice(-KEPT_OUTPUT_CHARACTERS);
      if (!onLine) return;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
  }
  return output;
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-QUOTED_OUTPUT_LINES).join("\n");
}
