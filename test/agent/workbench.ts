/** A real sandbox with the languages of the agent's image, for whole tasks and for the evaluation. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "@leanvibe/runtime/bundle";
import { connectSandbox, type Sandbox } from "../../operator/agent/sandbox/index.ts";
import { lvExec } from "./machine.ts";
import { agentTools } from "./tools.ts";

const IS_ROOT = process.getuid?.() === 0;
const COMPILER = "usr/local/bin/tsc";

/** One sandbox, which ends with its connection. */
export async function workbench(): Promise<Sandbox> {
  const tools = agentTools();
  const folder = mkdtempSync(join(tmpdir(), "lv-"));
  chmodSync(folder, 0o755);
  const at = (name: string) => join(folder, name);
  for (const name of ["bin", "run", "volume"]) mkdirSync(at(name));
  const user = IS_ROOT ? 61_000 + Math.floor(Math.random() * 4_000) : undefined;
  if (user !== undefined) for (const name of ["run", "volume"]) chownSync(at(name), user, user);
  copyFileSync(process.execPath, at("bin/node"));
  copyFileSync(await lvExec(), at("bin/lv-exec"));
  // Where Node and the compiler look from the workspace upwards.
  symlinkSync(join(tools.folder, "node_modules"), at("node_modules"));
  symlinkSync(compilerOf(tools.folder), at("bin/tsc"));
  const options = {
    socketPath: at("run/sandbox.sock"),
    workspace: at("volume"),
    lvExec: at("bin/lv-exec"),
    bin: at("bin"),
    readable: [tools.folder],
    env: tools.python ? { PYTHONPATH: join(tools.folder, "python") } : {},
  };
  const server = spawn(at("bin/node"), [await serverProgram(), JSON.stringify(options)], {
    ...(user === undefined ? {} : { uid: user, gid: user }),
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(server, "close");
  await Promise.race([once(server.stdout, "data"), ended.then(() => Promise.reject(new Error("no sandbox started")))]);
  const sandbox = await connectSandbox(options.socketPath);
  return {
    ...sandbox,
    async close() {
      await sandbox.close();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** In the image it is at the root. */
function compilerOf(tools: string): string {
  const made = join(tools, COMPILER);
  const inside = join(
    tools,
    "node_modules",
    "@typescript",
    `typescript-${process.platform}-${process.arch}`,
    "lib",
    "tsc",
  );
  return existsSync(inside) ? inside : made;
}

let program: Promise<string> | undefined;

/** Bundled once a process, to where another user may read it. */
function serverProgram(): Promise<string> {
  program ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "lv-server-"));
    await bundle({ entries: { server: join(import.meta.dirname, "workbench-server.ts") }, folder, inParts: false });
    chmodSync(folder, 0o755);
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "server.mjs");
  })();
  return program;
}
