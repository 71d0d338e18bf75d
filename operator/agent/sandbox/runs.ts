/** One command under lv-exec: what it gets, how much of it is heard, and how it ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { Duplex, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { environmentOf, type Limits, type Tools } from "./fences.ts";
import { type Command, LISTEN_SOCKET, type RunResult } from "./protocol.ts";
import type { Workspace } from "./workspace.ts";

export type Machine = {
  lvExec: string;
  tools: Tools;
  /** With what the volume held before anything was put there. */
  limits: Limits;
  workspace: Workspace;
  landlockAtMost: number | undefined;
};

/** A supervisor that does not answer: something may have been left running, so this sandbox is over. */
export class SandboxBroken extends Error {
  override readonly name = "SandboxBroken";
}

export const SOCKET_NAME = "listen.sock";

const result = z.object({
  code: z.int().nullable(),
  signal: z.int(),
  ended: z.enum(["itself", "time", "disk", "memory", "order"]),
});

/** What a supervisor gets on top of a command's own time, to end everything and say so. */
const SUPERVISOR_SECONDS = 20;

/** A command that runs. */
export type Running = {
  /** Ends it, with everything it has started. */
  end(): void;
  readonly ended: Promise<RunResult>;
};

/** Starts a command in the workspace. It ends when `gone` does: nobody waits for what nobody will hear of. */
export async function start(machine: Machine, command: Command, gone: AbortSignal): Promise<Running> {
  const readOnly = command.readOnly ?? false;
  const dir = await machine.workspace.prepare(readOnly);
  const order = orderOf(machine, command, { dir, readOnly });
  const begun = performance.now();
  const older = machine.landlockAtMost === undefined ? [] : [`--landlock-at-most=${machine.landlockAtMost}`];
  const child = spawn(machine.lvExec, ["run", ...older], {
    env: {},
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const control = controlOf(child);
  const end = () => control.end();
  gone.addEventListener("abort", end, { once: true });
  const heard = hear(child, command.outputBytes, end);
  control.write(`${JSON.stringify(order)}\n`);
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(command.stdin ?? "");
  const ended = finish(child, control, command).then((said): RunResult => {
    const { stdout, stderr, truncated } = heard();
    const endedBy = boundOf(said.ended, truncated);
    return {
      exitCode: said.code,
      signal: said.signal === 0 ? null : nameOf(said.signal),
      timedOut: endedBy === "time",
      stdout,
      stderr,
      truncated,
      milliseconds: Math.round(performance.now() - begun),
      ...(endedBy === undefined ? {} : { endedBy }),
    };
  });
  if (gone.aborted) end();
  return {
    end,
    ended: ended.finally(() => gone.removeEventListener("abort", end)).then((run) => cleanUp(machine, run, readOnly)),
  };
}

/** A workspace that was filled would fail every later run in it. */
async function cleanUp({ workspace }: Machine, run: RunResult, readOnly: boolean): Promise<RunResult> {
  if (run.endedBy === "disk" && !readOnly) await workspace.restore();
  return run;
}

function orderOf(machine: Machine, command: Command, { dir, readOnly }: { dir: string; readOnly: boolean }) {
  const { tools, limits, workspace } = machine;
  const env = {
    ...environmentOf(tools, workspace.scratch),
    [LISTEN_SOCKET]: `${workspace.scratch}/${SOCKET_NAME}`,
    ...command.env,
  };
  return {
    argv: command.argv,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    dir,
    readable: [...tools.readable, ...(readOnly ? [dir] : [])],
    writable: [workspace.scratch, ...(readOnly ? [] : [dir])],
    volume: workspace.volume,
    timeoutMilliseconds: command.timeoutMilliseconds,
    ...limits,
  };
}

/** The socket that lv-exec has as fd 3. */
export function controlOf({ stdio: [, , , stream] }: ChildProcess): Duplex {
  if (stream instanceof Duplex) return stream;
  throw new Error("lv-exec has no control channel");
}

/** Keeps what a run writes, up to its bound; the first byte beyond ends the run. */
function hear(child: ChildProcess, atMost: number, tooMuch: () => void) {
  let truncated = false;
  const keep = (stream: Readable | null) => {
    const chunks: Buffer[] = [];
    let left = atMost;
    stream?.on("error", () => undefined);
    stream?.on("data", (chunk: Buffer) => {
      if (chunk.length > left) {
        truncated = true;
        tooMuch();
      }
      if (left > 0) chunks.push(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
    });
    return () => Buffer.concat(chunks).toString("utf8");
  };
  const [stdout, stderr] = [keep(child.stdout), keep(child.stderr)];
  return () => ({ stdout: stdout(), stderr: stderr(), truncated });
}

/** What the supervisor says at its end. @throws SandboxBroken when it cannot; Error when it did not start the command */
async function finish(child: ChildProcess, control: Duplex, { timeoutMilliseconds }: Command) {
  let said = "";
  control.on("error", () => undefined);
  control.on("data", (chunk) => {
    said += chunk;
  });
  const over = new AbortController();
  const late = sleep(timeoutMilliseconds + SUPERVISOR_SECONDS * 1000, "late", { signal: over.signal });
  const outcome = await Promise.race([once(child, "close"), late.catch(() => "late")]).finally(() => over.abort());
  if (outcome === "late") child.kill("SIGKILL");
  const parsed = result.safeParse(parse(said));
  if (parsed.success) return parsed.data;
  if (Array.isArray(outcome) && outcome[0] === EXIT_REFUSED) return REFUSED;
  throw new SandboxBroken(`lv-exec did not say how the run ended (${String(outcome)})`);
}

/** lv-exec's own, for what it would or could not start: why stands on stderr, as a shell's "not found" does. */
const EXIT_REFUSED = 125;
const REFUSED: z.output<typeof result> = { code: 127, signal: 0, ended: "itself" };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function boundOf(ended: string, truncated: boolean): RunResult["endedBy"] {
  if (truncated) return "output";
  return ended === "time" || ended === "disk" || ended === "memory" ? ended : undefined;
}

function nameOf(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `SIG${signal}`;
}
