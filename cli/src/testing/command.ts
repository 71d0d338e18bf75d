import { type ChildProcess, spawn } from "node:child_process";

export type Ended = { code: number | null; stdout: string; stderr: string };

/** A command that runs, and what it has said so far. */
export type Running = { child: ChildProcess; said: () => Ended; ended: Promise<Ended> };

/** For tests: runs a program and keeps what it says. */
export function begin(
  program: string,
  args: readonly string[],
  { env, cwd }: { env: NodeJS.ProcessEnv; cwd?: string },
): Running {
  const child = spawn(program, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const said: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ ...said, code })));
  return { child, said: () => ({ ...said }), ended };
}
