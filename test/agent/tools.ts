/** The languages of the agent's image, as a folder that another user of this machine may read. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../cli/cluster/layout.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const LANGUAGES = join(ROOT, "operator", "agent", "languages");
const SOURCES = [join(LANGUAGES, "packages.ts"), join(LANGUAGES, "requirements.txt"), join(ROOT, "package-lock.json")];
/** Root's own cache is for nobody else to enter, and a sandbox under root is somebody else. */
const KEPT_IN = process.getuid?.() === 0 ? "/var/tmp" : cacheFolder(process.env);
/** The system's: it is where every user finds it. */
const PYTHON = "/usr/bin/python3";

export type AgentTools = {
  /** Holds `node_modules`, and Python's packages in `python` where there is a Python. */
  folder: string;
  python: boolean;
};

/** Made once for each list of packages and left for the next run; in a place that is not only root's. */
export function agentTools(): AgentTools {
  const key = createHash("sha256")
    .update(SOURCES.map((file) => readFileSync(file, "utf8")).join("\0"))
    .digest("hex");
  const folder = join(KEPT_IN, `leanvibe-agent-tools-${key.slice(0, 16)}`);
  if (!existsSync(folder)) make(folder);
  return { folder, python: existsSync(join(folder, "python")) };
}

function make(folder: string): void {
  const half = mkdtempSync(`${folder}-`);
  execFileSync(process.execPath, [join(ROOT, "operator", "agent", "build.ts"), "packages", half], { cwd: ROOT });
  try {
    const pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"];
    execFileSync(PYTHON, [...pip, "--target", join(half, "python"), "-r", join(LANGUAGES, "requirements.txt")]);
  } catch {
    rmSync(join(half, "python"), { recursive: true, force: true });
  }
  execFileSync("chmod", ["-R", "go+rX", half]);
  try {
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  }
}
