import { sameJson } from "@leanvibe/runtime";
import type { AcceptanceCase, SourceFile } from "@leanvibe/schema";
import { argvOf } from "./argv.ts";
import type { Command, RunResult, Sandbox, ServiceResult } from "./sandbox/index.ts";

export type AcceptanceVerdict = {
  total: number;
  passed: number;
  /** Names of those that failed. */
  failed: string[];
  /** What may be told to the model: how often what kind of fault, and nothing of any case. */
  kinds: string[];
};

const BOUNDS = { timeoutMilliseconds: 20_000, outputBytes: 64 * 1024, readOnly: true } as const;

/**
 * Runs each case in a process of its own on a copy of `files` and compares here. What is expected never enters the
 * sandbox: code that knew it could print it.
 */
export async function judgeAcceptance(
  sandbox: Sandbox,
  files: readonly SourceFile[],
  cases: readonly AcceptanceCase[],
  start: readonly string[],
): Promise<AcceptanceVerdict> {
  // Again, because the tests ran in this workspace and may have changed it.
  await sandbox.put(files);
  const faults: { name: string; kind: string }[] = [];
  for (const one of cases) {
    const kind = await faultOf(sandbox, one, start);
    if (kind !== undefined) faults.push({ name: one.name, kind });
  }
  const counts = new Map<string, number>();
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return {
    total: cases.length,
    passed: cases.length - faults.length,
    failed: faults.map(({ name }) => name),
    kinds: [...counts].map(([kind, count]) => `${count} ${kind}`),
  };
}

async function faultOf(sandbox: Sandbox, one: AcceptanceCase, start: readonly string[]): Promise<string | undefined> {
  if (one.http !== undefined) return faultOfService(sandbox, one, start);
  let argv: string[];
  try {
    argv = argvOf(one.command ?? "");
  } catch {
    // What comes back from here is told to the model, and why would be the command itself.
    return "cannot be run";
  }
  const run = await sandbox.run(commandOf(argv, one.stdin));
  return faultOfRun(run, one);
}

function commandOf(argv: readonly string[], stdin: string | undefined): Command {
  return { argv: [...argv], ...(stdin === undefined ? {} : { stdin }), ...BOUNDS };
}

/** Exported for its table of tests: nothing here but comparing. */
export function faultOfRun(run: RunResult, { expect }: AcceptanceCase): string | undefined {
  if (run.timedOut) return "did not end in time";
  if (run.truncated) return "printed without end";
  const wanted = expect.exitCode ?? 0;
  if (run.exitCode !== wanted)
    return run.exitCode === null ? "was ended by a signal" : "ended with the wrong exit code";
  return faultOfOutput(run.stdout, expect);
}

async function faultOfService(
  sandbox: Sandbox,
  one: AcceptanceCase,
  start: readonly string[],
): Promise<string | undefined> {
  const { method = "GET", path = "/", body } = one.http ?? {};
  const call = {
    method,
    path,
    ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
  };
  const { results } = await sandbox.serve(commandOf(start, undefined), [call]);
  return faultOfAnswer(results[0], one);
}

export function faultOfAnswer(answer: ServiceResult | undefined, { expect }: AcceptanceCase): string | undefined {
  if (answer === undefined || "error" in answer) return "got no answer from the service";
  if (answer.status !== (expect.status ?? 200)) return "got the wrong HTTP status";
  return faultOfOutput(answer.body, expect);
}

function faultOfOutput(output: string, { stdout, json }: AcceptanceCase["expect"]): string | undefined {
  if (stdout !== undefined && ended(output) !== ended(stdout)) return "got another text than expected";
  if (json === undefined) return undefined;
  try {
    return sameJson(JSON.parse(output), JSON.parse(json)) ? undefined : "got another value than expected";
  } catch {
    return "got what is not JSON";
  }
}

/** Blanks and line ends at the end make no difference. */
function ended(text: string): string {
  return text.replaceAll("\r\n", "\n").trimEnd();
}
