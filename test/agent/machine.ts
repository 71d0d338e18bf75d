/** What a pod gives a sandbox, made on this machine: another user, a volume of its own, and something worth stealing. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "@leanvibe/runtime/bundle";
import { LV_EXEC } from "../../cli/cluster/agent/programs.ts";
import { build } from "../../cli/cluster/build.ts";
import { cacheFolder } from "../../cli/cluster/layout.ts";
import type { Around } from "../../operator/agent/sandbox/testing/attack.ts";

const IS_ROOT = process.getuid?.() === 0;
const VOLUME_BYTES = 384 << 20;

/** lv-exec as it is built for the image, once for this machine. */
export async function lvExec(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return join(await build(LV_EXEC, { cache: cacheFolder(env), env, progress: () => undefined }), "lv-exec");
}

export type SandboxMachine = {
  socketPath: string;
  around: Around;
  server: ChildProcess;
  /** Runs a program as the sandbox's user would, without a sandbox. */
  unfenced(files: readonly { path: string; content: string }[], argv: readonly string[]): string;
  /** Processes of the sandbox's user, the server's left out. */
  processes(): string[];
  stop(): Promise<void>;
};

/** Starts a sandbox. `landlockAtMost` has it do with what an older kernel has. */
export async function sandboxMachine(landlockAtMost?: number): Promise<SandboxMachine> {
  // Below the system's own folder for such files: another user has to get there, and socket paths are short.
  const folder = mkdtempSync(join(tmpdir(), "lv-"));
  chmodSync(folder, 0o755);
  const user = IS_ROOT ? 61_000 + Math.floor(Math.random() * 4000) : (process.getuid?.() ?? 0);
  const at = (name: string) => join(folder, name);
  for (const name of ["bin", "run", "volume", "free", "server"]) mkdirSync(at(name));
  const mounted = IS_ROOT && mountVolume(at("volume"));
  for (const name of ["run", "volume", "free"]) if (IS_ROOT) chownSync(at(name), user, user);
  copyFileSync(process.execPath, at("bin/node"));
  copyFileSync(await lvExec(), at("bin/lv-exec"));
  await bundle({ entries: { server: join(import.meta.dirname, "server.ts") }, folder: at("server"), inParts: false });

  const secret = `secret-${randomBytes(12).toString("hex")}`;
  writeFileSync(at("token"), secret, { mode: 0o600 });
  if (IS_ROOT) chownSync(at("token"), user, user);
  const outside = await listeners(at("outside.sock"));
  const socketPath = at("run/sandbox.sock");
  const options = { socketPath, workspace: at("volume"), lvExec: at("bin/lv-exec"), bin: at("bin"), landlockAtMost };
  const as = IS_ROOT ? { uid: user, gid: user } : {};
  const server = spawn(at("bin/node"), ["--disable-sigusr1", at("server/server.mjs"), JSON.stringify(options)], {
    ...as,
    env: { SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  await Promise.race([
    once(server.stdout, "data"),
    once(server, "close").then(() => Promise.reject(new Error("no sandbox started"))),
  ]);
  return {
    socketPath,
    server,
    around: {
      secret,
      tokenPath: at("token"),
      socketPath,
      serverPid: server.pid ?? 0,
      alone: IS_ROOT,
      ...outside.around,
    },
    unfenced: (files, argv) => {
      for (const { path, content } of files) writeFileSync(join(at("free"), path), content);
      const env = { PATH: `${at("bin")}:/usr/bin:/bin` };
      return execFileSync(argv[0] ?? "", argv.slice(1), { ...as, cwd: at("free"), env, timeout: 30_000 }).toString();
    },
    processes: () => processesOf({ user, server: server.pid ?? 0, workspace: at("volume") }),
    stop: async () => {
      server.kill("SIGKILL");
      for (const each of outside.servers) each.close();
      if (mounted) execFileSync("umount", ["--lazy", at("volume")]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A file system of its own, as an emptyDir in memory is one. Without it the machine's own is watched. */
function mountVolume(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${VOLUME_BYTES}`, "tmpfs", folder]);
    return true;
  } catch {
    return false;
  }
}

function processesOf({ user, server, workspace }: { user: number; server: number; workspace: string }): string[] {
  const listed = execFileSync("ps", ["-eo", "uid=,pid=,ppid=,args="]).toString();
  return (
    listed
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith(`${user} `) && line.split(/\s+/)[1] !== String(server))
      // Dead, and for this machine's first process to bury, when whoever had to is dead too.
      .filter((line) => !/^\d+ +\d+ +1 .*<defunct>$/.test(line))
      // Whoever runs these tests as himself has other processes.
      .filter((line) => IS_ROOT || worksIn(workspace, line.split(/\s+/)[1] ?? ""))
  );
}

function worksIn(folder: string, pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    // It is gone by now, or dead.
    return false;
  }
}

/** Everybody whom a run could call, and who takes note of it. */
async function listeners(pathSocket: string) {
  const reached: string[] = [];
  const servers: Server[] = [];
  const listen = async (name: string, at: { port?: number; host?: string; path?: string }) => {
    const server = createServer((socket) => {
      reached.push(name);
      socket.on("error", () => undefined).end("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nreached");
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, resolve));
    servers.push(server);
    return server;
  };
  const addresses = [];
  for (const host of ["127.0.0.1", "::1"]) {
    const server = await listen(host, { host, port: 0 }).catch(() => undefined);
    if (server !== undefined) addresses.push({ host, port: (server.address() as AddressInfo).port });
  }
  const abstractSocket = `leanvibe-${randomBytes(6).toString("hex")}`;
  await listen("abstract", { path: `\0${abstractSocket}` });
  await listen("path", { path: pathSocket });
  chmodSync(pathSocket, 0o777);
  return {
    servers,
    around: { addresses, abstractSocket, pathSocket, reached: async () => reached.splice(0) },
  };
}

/** Why no sandbox can be tried here, or undefined. */
export async function sandboxMissing(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (process.platform !== "linux") return "its fences are Linux's";
  const program = await lvExec(env).catch((error: unknown) => error);
  if (typeof program !== "string") return `lv-exec cannot be built (${String(program).slice(0, 200)})`;
  return JSON.parse(execFileSync(program, ["probe"]).toString()).why;
}

export function hasPython(): boolean {
  return existsSync("/usr/bin/python3");
}
