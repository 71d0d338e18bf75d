import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "./command.ts";
import { takeLock } from "./lock.ts";
import { buildSeconds, builtFolder, type Program, sourceOf } from "./programs.ts";

/** How far a build is: `done` of about `total` modules or packages. */
export type BuildProgress = (event: {
  readonly step: string;
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  readonly expectedSeconds?: number;
}) => void;

export interface BuildOptions {
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: BuildProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether this Go can build the programs: at least 1.26, or at least 1.21 and allowed to fetch its successor.
 * Returns undefined when it can, else the reason and what to do.
 */
export function goTooOld(version: string, toolchain: string): string | undefined {
  const minor = Number(/^go1\.(\d+)/.exec(version.trim())?.[1] ?? Number.NaN);
  const install = "Install Go 1.26 or newer (https://go.dev/dl), then run this again.";
  if (Number.isNaN(minor)) return `"${version.trim()}" is no version of Go. ${install}`;
  if (minor >= 26) return undefined;
  if (minor >= 21 && /(^|\+)(auto|path)$/.test(toolchain.trim())) return undefined;
  if (minor >= 21) return `Go 1.${minor} may not fetch a newer one: run \`go env -w GOTOOLCHAIN=auto\`.`;
  return `Go 1.${minor} is too old. ${install}`;
}

/** Why Go cannot build here, or undefined when it can. Takes at most 3 s. */
export async function goMissing(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    // Not in a module's folder: there this would already fetch the toolchain that the module names.
    const options = { cwd: tmpdir(), env, timeoutSeconds: 3 };
    const [version = "", toolchain = ""] = (await run("go", ["env", "GOVERSION", "GOTOOLCHAIN"], options)).split("\n");
    return goTooOld(version, toolchain);
  } catch {
    return "Go is not installed. Install Go 1.26 or newer (https://go.dev/dl), then run this again.";
  }
}

/** Counts what `go` prints while it downloads ("go: downloading k8s.io/api v0.37.2") or compiles (a package's path). */
export function countLine(line: string): "download" | "package" | undefined {
  if (/^go: downloading \S+ \S+$/.test(line)) return "download";
  return /^[\w.-]+(\/[\w.~-]+)*$/.test(line) ? "package" : undefined;
}

/** Builds the program unless its folder is there, and returns the folder. Of two processes one builds, the other waits. */
export async function build(program: Program, options: BuildOptions): Promise<string> {
  const folder = builtFolder(program, options.cache);
  if (existsSync(folder)) return folder;
  const step = `build-${program.module}`;
  const waiting = () =>
    options.progress({ step, message: `Waiting for another process that builds ${program.module}` });
  const lock = await takeLock(join(options.cache, `${program.module}.lock`), waiting, options.signal);
  const unfinished = join(options.cache, `${program.module}.unfinished`);
  try {
    if (existsSync(folder)) return folder;
    rmSync(unfinished, { recursive: true, force: true }); // Of a build that was killed.
    mkdirSync(unfinished, { recursive: true });
    await compile(program, unfinished, options);
    if (program.module === "kubernetes") symlinkSync("kubernetes", join(unfinished, "kubectl"));
    renameSync(unfinished, folder);
    return folder;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    lock.release();
  }
}

async function compile(program: Program, output: string, options: BuildOptions): Promise<void> {
  const name = program.module;
  const expectedSeconds = buildSeconds([program]);
  // A person's own flags, workspace or target must not change what the cache's key says this is.
  const env = { ...options.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", GOOS: "", GOARCH: "" };
  const shared = { cwd: sourceOf(program), env, signal: options.signal };

  const modules = requiredModules(readFileSync(join(sourceOf(program), "go.mod"), "utf8"));
  let done = 0;
  options.progress({ step: `download-${name}`, message: `Looking for the source of ${name}`, done, total: modules });
  const listed = await run("go", ["list", "-deps", ...program.packages], {
    ...shared,
    onLine: (line) => {
      if (countLine(line) !== "download") return;
      done++;
      options.progress({
        step: `download-${name}`,
        message: `Downloading the source of ${name}`,
        done,
        total: modules,
      });
    },
  });

  const packages = listed.trim().split("\n").length;
  const report = (count: number) =>
    options.progress({
      step: `build-${name}`,
      message: `Compiling ${name}`,
      done: count,
      total: packages,
      expectedSeconds,
    });
  done = 0;
  report(done);
  const args = [
    "build",
    "-v",
    "-trimpath",
    "-buildvcs=false",
    ...program.flags,
    "-o",
    `${output}/`,
    ...program.packages,
  ];
  await run("go", args, {
    ...shared,
    onLine: (line) => {
      if (countLine(line) === "package") report(Math.min(++done, packages));
    },
  });
  for (const expected of program.outputs) {
    if (!existsSync(join(output, expected))) throw new Error(`building ${name} gave no ${basename(expected)}`);
  }
}

/** How many modules a go.mod requires: about as many are downloaded. */
export function requiredModules(goMod: string): number {
  return goMod.split("\n").filter((line) => /^(\t|require )[^\s()]+ v\d\S*( \/\/ indirect)?$/.test(line)).length;
}
