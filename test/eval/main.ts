/**
 * `npm run eval -- humaneval --endpoint URL [--sample 40 --seed 1]`: how good the agent is with a real model, and whether
 * its word can be relied on. It goes on where an earlier run of the same results' file ended.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { TaskExecution } from "@leanvibe/schema";
import { workbench } from "../agent/workbench.ts";
import { type Attempt, attempt, type Endpoint } from "./attempt.ts";
import { DATA, download, readProblems, sampleOf } from "./humaneval.ts";
import { summaryOf } from "./summary.ts";

const USAGE = `npm run eval -- humaneval --endpoint URL [options]
  --endpoint URL      an OpenAI-compatible endpoint, up to and with /v1
  --model NAME        which of its models (default: default)
  --sample N          so many of the 164 problems, drawn by --seed (default: all)
  --seed N            (default: 1)
  --results FILE      a line a problem; what is in it is not run again (default: humaneval-results.jsonl)
  --data FILE         HumanEval.jsonl or .jsonl.gz (default: ${DATA})
  --download          fetch the data first where it is not there
  --steps FOLDER      every prompt and answer, a file a problem
  --context N         tokens of the model's context (default: 8192)
  The key, where the endpoint wants one, is read from the variable MODEL_API_KEY.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      endpoint: { type: "string" },
      model: { type: "string", default: "default" },
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
      results: { type: "string", default: "humaneval-results.jsonl" },
      data: { type: "string", default: DATA },
      download: { type: "boolean", default: false },
      context: { type: "string", default: "8192" },
      steps: { type: "string" },
    },
  });
  if (positionals[0] !== "humaneval" || values.endpoint === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (values.download && !existsSync(values.data)) download(values.data);
  const all = readProblems(values.data);
  const problems = sampleOf(all, values.sample === undefined ? all.length : Number(values.sample), Number(values.seed));
  const endpoint: Endpoint = {
    url: values.endpoint,
    model: values.model,
    token: process.env["MODEL_API_KEY"],
    contextTokens: Number(values.context),
  };
  const done = new Map(resultsIn(values.results).map((one) => [one.id, one]));
  const sandbox = await workbench();
  try {
    for (const problem of problems) {
      if (done.has(problem.task_id)) continue;
      const { steps, ...one } = await attempt(endpoint, sandbox, problem);
      if (values.steps !== undefined) writeSteps(values.steps, one.id, steps);
      appendFileSync(values.results, `${JSON.stringify(one)}\n`);
      done.set(one.id, one);
      console.log(lineOf(one));
    }
  } finally {
    await sandbox.close();
  }
  console.log(summaryOf(problems.flatMap(({ task_id }) => done.get(task_id) ?? [])));
  return 0;
}

function writeSteps(folder: string, id: string, steps: readonly TaskExecution[]): void {
  mkdirSync(folder, { recursive: true });
  const text = steps
    .map((one) => `## ${one.step} ${one.status} ${one.ms} ms\n\n${one.prompt}\n\n${one.output}\n`)
    .join("\n");
  writeFileSync(join(folder, `${id.replace("/", "-")}.md`), text);
}

function resultsIn(path: string): Attempt[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): Attempt => JSON.parse(line));
}

function lineOf({ id, solved, bareSolved, result, reason, iterations, tokens, seconds }: Attempt): string {
  const mark = (yes: boolean) => (yes ? "solved" : "not   ");
  return `${id.padEnd(14)} agent ${mark(solved)} bare ${mark(bareSolved)} ${result} (${reason}, ${iterations} corrections) ${tokens} tokens ${seconds} s`;
}

process.exit(await main());
