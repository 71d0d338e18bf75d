import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskExecution } from "@leanvibe/schema";
import { ModelRefused, ModelUnavailable } from "../../operator/agent/model/errors.ts";
import { workbench } from "../agent/workbench.ts";
import { answeringModel, attempt, type Endpoint, MAX_ITERATIONS } from "./attempt.ts";
import { download, type Problem, readProblems, sampleOf } from "./humaneval.ts";
import { type Attempt, Refused, RunRecord } from "./record.ts";
import { agentVersion } from "./version.ts";

export type Evaluation = {
  endpoint: Endpoint;
  /** So many of the problems, drawn by `seed`; undefined is all. */
  sample: number | undefined;
  seed: number;
  /** Where the problems are, and whether they are fetched where they are not. */
  data: string;
  download: boolean;
  /** The record: what is in it is not run again. */
  results: string;
  mixed: boolean;
  /** A folder for every prompt and answer, a file a problem. */
  steps: string | undefined;
  /** Problems at a time: a server that answers several questions at once is through sooner. */
  parallel: number;
  say(line: string): void;
};

/** All problems of the sample, those that an earlier run has done included. @throws Refused */
export async function evaluate(evaluation: Evaluation): Promise<Attempt[]> {
  const problems = problemsOf(evaluation);
  const { endpoint, results, mixed } = evaluation;
  const model = await answeringModel(endpoint);
  const { model: asked, contextTokens } = endpoint;
  const agent = agentVersion();
  const settings = { model, asked, contextTokens, maxIterations: MAX_ITERATIONS };
  const record = new RunRecord(results, { settings, agent, mixed });
  const left = problems.filter(({ task_id }) => record.get(task_id) === undefined);
  evaluation.say(
    `${model} answers, ${left.length} of ${problems.length} problems are left, version ${agent} of the agent`,
  );
  if (left.length > 0) await runAll(evaluation, left, (one) => keep(record, model, { ...one, agent }));
  return problems.flatMap(({ task_id }) => record.get(task_id) ?? []);
}

function problemsOf({ data, download: fetches, sample, seed }: Evaluation): Problem[] {
  if (fetches && !existsSync(data)) download(data);
  const all = readProblems(data);
  return sampleOf(all, sample ?? all.length, seed);
}

/** An endpoint may bring another model under the same name in the middle of a run. */
function keep(record: RunRecord, model: string, one: Attempt): void {
  if (one.model !== model) {
    throw new Refused(`${one.model} answers now and ${model} did before: this would be a figure of neither`);
  }
  record.add(one);
}

type Done = (one: Omit<Attempt, "agent">) => void;

async function runAll(evaluation: Evaluation, problems: readonly Problem[], done: Done): Promise<void> {
  const left = [...problems];
  const workers = Array.from({ length: Math.min(evaluation.parallel, left.length) }, () =>
    work(evaluation, left, done),
  );
  // All end before any error is told: each has a sandbox to put away.
  const failed = (await Promise.allSettled(workers)).find((one) => one.status === "rejected");
  if (failed === undefined) return;
  const error: unknown = failed.reason;
  if (!(error instanceof ModelUnavailable || error instanceof ModelRefused)) throw error;
  throw new Refused(`${error.message}. What was done is in ${evaluation.results}; the same command goes on from there`);
}

/** Takes one problem after the other from those that are left; of an error nobody takes another. */
async function work({ endpoint, steps: folder, say }: Evaluation, left: Problem[], done: Done): Promise<void> {
  const sandbox = await workbench();
  try {
    for (let problem = left.shift(); problem !== undefined; problem = left.shift()) {
      const { steps, ...one } = await attempt(endpoint, sandbox, problem);
      if (folder !== undefined) writeSteps(folder, one.id, steps);
      done(one);
      say(lineOf(one));
    }
  } catch (error) {
    left.length = 0;
    throw error;
  } finally {
    await sandbox.close();
  }
}

function writeSteps(folder: string, id: string, steps: readonly TaskExecution[]): void {
  mkdirSync(folder, { recursive: true });
  const text = steps
    .map((one) => `## ${one.step} ${one.status} ${one.ms} ms\n\n${one.prompt}\n\n${one.output}\n`)
    .join("\n");
  writeFileSync(join(folder, `${id.replace("/", "-")}.md`), text);
}

function lineOf(one: Omit<Attempt, "agent">): string {
  const { id, solved, bareSolved, result, reason, iterations, tokens, seconds } = one;
  const mark = (yes: boolean) => (yes ? "solved" : "not   ");
  return `${id.padEnd(14)} agent ${mark(solved)} bare ${mark(bareSolved)} ${result} (${reason}, ${iterations} corrections) ${tokens} tokens ${seconds} s`;
}
