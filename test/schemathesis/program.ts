import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../cli/cluster/command.ts";
import { cacheFolder } from "../../cli/cluster/layout.ts";

const VERSION = "4.32.5";

/** The program, in a Python environment of its own in the cache, made once. Needs python3 with venv. */
export async function provideSchemathesis(say: (line: string) => void): Promise<string> {
  const home = join(cacheFolder(process.env), `schemathesis-${VERSION}`);
  const program = join(home, "bin", "schemathesis");
  if (existsSync(join(home, "finished"))) return program;
  say(`installing schemathesis ${VERSION} into ${home} (once)`);
  // In its place from the start: an environment knows its own path. What is half made is made anew.
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await run("python3", ["-m", "venv", home]);
  await run(join(home, "bin", "pip"), ["install", "--quiet", `schemathesis==${VERSION}`]);
  await mkdir(join(home, "finished"));
  return program;
}
