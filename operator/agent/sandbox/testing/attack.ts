/** How an attack is told: what a program tries, what it got, and how it was refused. */
import type { Command, RunResult, Sandbox, SourceFile } from "../protocol.ts";

/** What there is to be got outside of the sandbox, and who would notice. */
export type Around = {
  /** A word that stands in the token, in the server's environment, and nowhere else. */
  secret: string;
  /** A file with the secret that the sandbox's user could read. */
  tokenPath: string;
  /** Where the sandbox listened. */
  socketPath: string;
  /** A unix socket outside of the workspace that the sandbox's user could call. */
  pathSocket: string;
  abstractSocket: string;
  /** Who listens, within reach of the sandbox's machine. */
  addresses: readonly { host: string; port: number }[];
  /** The sandbox's server, as the programs in it would call it. */
  serverPid: number;
  /** Nothing else of this user runs here, that a signal to everybody would end where the fences fail. */
  alone: boolean;
  /** What has been reached since it was last asked. */
  reached(): Promise<readonly string[]>;
};

export type Outcome = {
  /** Nothing, where the sandbox holds. */
  got: readonly string[];
  /** What the program was told, as a proof that it did try. */
  refusal: string;
};

/** A program that can be run as it is, with and without fences. It prints GOT with what it got, and NOT with why not. */
export type Program = { files: readonly SourceFile[]; command: Partial<Command> & { argv: string[] } };

export type Attack = {
  name: string;
  /** It needs Python, for calls that Node does not have. */
  python?: true;
  /** Without fences it gets something, and does no harm: what shows that the sandbox is what withstands it. */
  control?: true;
  /** How the refusal must read: nothing that was not tried counts as withstood. */
  refusal: RegExp;
} & ({ program(around: Around): Program; play?: never } | { play(sandbox: Sandbox, around: Around): Promise<Outcome> });

const TIMEOUT_MILLISECONDS = 15_000;

/** Puts the files, runs the command. */
export async function attempt(sandbox: Sandbox, { files, command }: Program): Promise<RunResult> {
  await sandbox.put(files);
  return await sandbox.run(commandOf(command));
}

export function commandOf(command: Program["command"]): Command {
  return { timeoutMilliseconds: TIMEOUT_MILLISECONDS, outputBytes: 100_000, ...command };
}

/** What a run says it got; the secret counts wherever it stands. */
export function gotOf({ stdout, stderr }: Pick<RunResult, "stdout" | "stderr">, { secret }: Around): string[] {
  const said = `${stdout}\n${stderr}`;
  const lines = said.split("\n").filter((line) => line.startsWith("GOT"));
  return said.includes(secret) ? [...lines, "the secret"] : lines;
}

export function refusalOf({ stdout, stderr, endedBy, signal, exitCode }: RunResult): string {
  return [`ended by ${endedBy ?? "itself"} (${signal ?? exitCode})`, stdout.slice(0, 20_000), stderr.slice(-1500)].join(
    "\n",
  );
}

/** Plays an attack on a sandbox. Whatever was reached outside counts as got. */
export async function play(attack: Attack, sandbox: Sandbox, around: Around): Promise<Outcome> {
  if (attack.play !== undefined) {
    const outcome = await attack.play(sandbox, around);
    return { ...outcome, got: [...outcome.got, ...(await around.reached())] };
  }
  const run = await attempt(sandbox, attack.program(around));
  return { got: [...gotOf(run, around), ...(await around.reached())], refusal: refusalOf(run) };
}

/** Does it still do its work? What is put, run and got afterwards must be what an untouched sandbox gives. */
export async function serves(sandbox: Sandbox): Promise<boolean> {
  const source = `import { writeFileSync } from "node:fs"; writeFileSync("made.txt", "made"); console.log("served");`;
  await sandbox.put([{ path: "next.mjs", content: source }]);
  const run = await sandbox.run(commandOf({ argv: ["node", "next.mjs"] }));
  const [made] = await sandbox.get(["made.txt"], 100);
  return run.exitCode === 0 && run.stdout === "served\n" && made?.content === "made";
}

/** A program of Node that says what comes of each of its attempts. */
export function node(body: string, values: unknown = {}): Program {
  const content = `
import fs from "node:fs"; import net from "node:net"; import os from "node:os"; import { spawn, spawnSync } from "node:child_process";
const values = ${JSON.stringify(values)};
const attempt = async (what, act) => {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), 2000).unref());
  try { console.log("GOT", what, String(await Promise.race([act(), late])).slice(0, 200)); } catch (error) { console.log("NOT", what, error.code ?? error.message); }
};
const connect = (to) => new Promise((resolve, reject) => {
  const socket = net.connect(to, () => { resolve("connected"); socket.destroy(); });
  socket.on("error", reject);
});
${body}`;
  return { files: [{ path: "attack.mjs", content }], command: { argv: ["node", "attack.mjs"] } };
}

/** The same of Python, with the system calls as they are. */
export function python(body: string, values: unknown = {}): Program {
  const content = `
import ctypes, errno, json, os, signal, socket, sys, time, mmap
values = json.loads(${JSON.stringify(JSON.stringify(values))})
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ARM = os.uname().machine == "aarch64"
def call(name, number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number[1] if ARM else number[0]), *[ctypes.c_long(each) if isinstance(each, int) else each for each in arguments])
    if result >= 0: print("GOT", name, result)
    else: print("NOT", name, errno.errorcode.get(ctypes.get_errno()))
def attempt(what, act):
    try: print("GOT", what, str(act())[:200])
    except OSError as error: print("NOT", what, errno.errorcode.get(error.errno, error))
${body}
sys.stdout.flush()`;
  return { files: [{ path: "attack.py", content }], command: { argv: ["python3", "attack.py"] } };
}
