#!/usr/bin/env node
// The first thing that runs after `git clone`, on whatever Node is there (18 or newer) and before any package is: plain
// JavaScript, no imports but Node's own. It brings a Node that runs TypeScript and the packages, then hands over.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_VERSION = "24.21.0";
/** testcontainers asks for 22.22; from 22.18 on Node runs TypeScript as it is. */
const NODE_AT_LEAST = [22, 22];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "leanvibe");
const say = (line) => process.stderr.write(`${line}\n`);

/** Runs npm under the given Node: the npm that started us where there is one, so that its settings hold. */
function npm(node, args) {
  const script = process.env.npm_execpath;
  const [command, before] = script?.endsWith(".js") ? [node, [script]] : ["npm", []];
  const result = spawnSync(command, [...before, ...args, "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: root,
    // What a command prints is its answer alone: a token, JSON.
    stdio: ["ignore", 2, 2],
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
  });
  if (result.status === 0) return;
  say(
    `npm ${args.join(" ")} failed${result.error ? `: ${result.error.message}` : ""}. Is the package registry reachable? Then run the same command again.`,
  );
  process.exit(1);
}

function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  // 23 was never to last, and its first releases do not run TypeScript.
  if (major >= 24 || (major === NODE_AT_LEAST[0] && minor >= NODE_AT_LEAST[1])) return process.execPath;
  const home = join(cache, `node-${NODE_VERSION}`);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const node = join(home, "node_modules", name, "bin", "node");
  if (existsSync(node)) return node;
  say(
    `Node ${process.versions.node} is older than ${NODE_AT_LEAST.join(".")}: fetching Node ${NODE_VERSION} once (about 50 MB). To avoid this, install Node 24.`,
  );
  mkdirSync(cache, { recursive: true });
  // Beside its place and then renamed: an interrupted download must not look like a finished one.
  const half = mkdtempSync(join(cache, "node-"));
  npm(process.execPath, ["install", "--prefix", half, "--ignore-scripts", `${name}@${NODE_VERSION}`]);
  try {
    renameSync(half, home);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(node)) throw error;
  }
  return node;
}

function ensurePackages(node) {
  const marker = join(root, "node_modules", ".leanvibe-lock");
  const wanted = hashOf(join(root, "package-lock.json"));
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  say("Installing packages (once, about 30 s)...");
  npm(node, ["ci", "--ignore-scripts"]);
  writeFileSync(marker, wanted);
}

/** The database client is made of its schema, like the packages not checked in, and in under a second. */
function ensureDatabaseClient(node) {
  const room = join(root, "api-server");
  const marker = join(room, "src", "db", "generated", ".schema");
  const wanted = hashOf(join(room, "prisma", "schema.prisma"), join(root, "package-lock.json"));
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  // What is half made must not look finished.
  rmSync(marker, { force: true });
  const prisma = join(root, "node_modules", "prisma", "build", "index.js");
  const result = spawnSync(node, [prisma, "generate", "--config", join(room, "prisma.config.ts"), "--no-hints"], {
    cwd: root,
    encoding: "utf8",
    // Generating needs no engine, but the command would fetch one; any program that is there keeps it from doing so.
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: node,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
  });
  if (result.status !== 0) {
    say(
      `The database client could not be made of api-server/prisma/schema.prisma: ${result.error?.message ?? (result.stderr || result.stdout)}`,
    );
    process.exit(1);
  }
  writeFileSync(marker, wanted);
}

function hashOf(...files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

const node = ensureNode();
ensurePackages(node);
ensureDatabaseClient(node);
const given = process.argv.slice(2);
const isTool = given[0] === "run";
const [program = "node", ...args] = isTool ? given.slice(1) : ["node", join(root, "cli", "src", "main.ts"), ...given];
const child = spawn(program === "node" ? node : program, args, {
  // The tools of this repository are at work in it; a command reads and writes where the person is.
  cwd: isTool ? root : undefined,
  stdio: "inherit",
  env: { ...process.env, PATH: [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter) },
});
// A terminal's Ctrl-C reaches the child by itself; a `kill` of this process does not.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => undefined);
child.on("error", (error) => {
  say(error.message);
  process.exit(127);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
