import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CommandFailed, run } from "../command.ts";
import type { Entry } from "../tar.ts";
import { fileEntry, folderEntries, libraries } from "./entries.ts";

/** Python as it is installed on this machine. */
export type Python = { executable: string; version: string; prefix: string; stdlib: string };

const AT_LEAST = [3, 11] as const;
/** The system's goes first: its libraries are where every loader looks. */
const CANDIDATES = ["/usr/bin/python3", "python3", "python3.13", "python3.12", "python3.11"];
const ASK = `import json, os, sys, sysconfig
print(json.dumps({"executable": os.path.realpath(sys.executable), "version": "%d.%d.%d" % sys.version_info[:3],
  "prefix": sys.base_prefix, "stdlib": sysconfig.get_paths()["stdlib"]}))`;
const answer = z.object({ executable: z.string(), version: z.string(), prefix: z.string(), stdlib: z.string() });

/** For tests, editors and builders of Python itself; packages come from our own list. */
const NOT_NEEDED =
  /^(test|idlelib|tkinter|turtledemo|ensurepip|lib2to3|site-packages|dist-packages|config-[^/]*|distutils)(\/|$)|\.a$/;

/** Where the packages lie; PYTHONPATH names it. */
const PACKAGES = "opt/python";

export type PythonPart = { python: Python; interpreter: () => Promise<Entry[]>; packages: () => Promise<Entry[]> };

/** Python of this machine and the packages that generated code may use, or the reason why the image goes without. */
export async function pythonPart(options: { requirements: string; cache: string; env: NodeJS.ProcessEnv }) {
  const refused: string[] = [];
  for (const candidate of CANDIDATES) {
    try {
      return await partOf(candidate, options);
    } catch (error) {
      refused.push(`${candidate}: ${(error instanceof Error ? error.message : String(error)).split("\n")[0]}`);
    }
  }
  return `no Python ${AT_LEAST.join(".")} or newer with pip was found here (${refused.join("; ")})`;
}

async function partOf(
  candidate: string,
  options: { requirements: string; cache: string; env: NodeJS.ProcessEnv },
): Promise<PythonPart> {
  const python = answer.parse(JSON.parse(await run(candidate, ["-I", "-c", ASK], { env: options.env })));
  const [major = 0, minor = 0] = python.version.split(".").map(Number);
  if (major !== AT_LEAST[0] || minor < AT_LEAST[1]) throw new Error(`is ${python.version}`);
  const packages = await download(python, options);
  const interpreter = await interpreterEntries(python, packages);
  return {
    python,
    interpreter: async () => interpreter,
    packages: async () => folderEntries(packages, PACKAGES, (inside) => /^bin(\/|$)/.test(inside)),
  };
}

/** One that is not the system's finds itself at another prefix too: it looks from its own place. */
async function interpreterEntries({ executable, prefix, stdlib }: Python, packages: string): Promise<Entry[]> {
  const place = (path: string) => (prefix === "/usr" ? path : join("/usr/local", path.slice(prefix.length)));
  const library = folderEntries(stdlib, place(stdlib), (inside) => NOT_NEEDED.test(inside));
  const modules = [...library, ...folderEntries(packages, "")].flatMap((entry) =>
    "file" in entry && /\.so(\.|$)/.test(entry.path) ? [entry.file] : [],
  );
  const loaded = await libraries([executable, ...modules]);
  const own = place(executable);
  return [
    fileEntry(executable, own),
    ...(own === "/usr/local/bin/python3" ? [] : [{ path: "usr/local/bin/python3", mode: 0o777, link: own }]),
    ...library,
    ...loaded.map((path) => fileEntry(path, path)),
  ];
}

/** Once for each list and version, by whichever pip is here: what it fetches is bound by hash. */
async function download(
  { executable, version }: Python,
  { requirements, cache, env }: { requirements: string; cache: string; env: NodeJS.ProcessEnv },
): Promise<string> {
  const minor = version.split(".").slice(0, 2).join(".");
  const key = createHash("sha256")
    .update(`${minor} ${process.arch} ${readFileSync(requirements, "utf8")}`)
    .digest("hex");
  const folder = join(cache, `python-packages-${key.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  const args = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "--no-deps"];
  const for_ = ["--only-binary", ":all:", "--python-version", minor, "--target", unfinished, "--no-compile"];
  const failed: string[] = [];
  for (const [pip, ...before] of [[executable, "-m", "pip"], ["python3", "-m", "pip"], ["pip3"]]) {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    try {
      await run(pip ?? "", [...before, ...args, ...for_, "--requirement", requirements], { env, timeoutSeconds: 300 });
      await compile(executable, unfinished);
      renameSync(unfinished, folder);
      return folder;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      failed.push(error.message.split("\n")[0] ?? "");
    }
  }
  rmSync(unfinished, { recursive: true, force: true });
  throw new Error(`pip cannot install its packages (${failed.join("; ")})`);
}

/** In the sandbox nothing that was compiled would be kept: each run would do it again. */
async function compile(executable: string, folder: string): Promise<void> {
  if (readdirSync(folder).length === 0) throw new Error("pip installed nothing");
  await run(executable, ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", folder]);
}
