import type { AgentArtifact } from "@leanvibe/schema";
import { z } from "zod";
import { NO_USAGE } from "./model/usage.ts";
import { analysis } from "./phases/analysis.ts";
import { architecture } from "./phases/architecture.ts";
import type { Work } from "./phases/work.ts";
import type { Measured } from "./quality.ts";
import type { State } from "./state.ts";

const count = z.int().min(0);

/** What the artifact has no field for; ours alone to read. */
const data = z.object({
  analysis: analysis.optional(),
  architecture: architecture.optional(),
  cases: z.array(z.object({ call: z.string(), result: z.string() })).default([]),
  refuted: z.array(z.string()).default([]),
  tried: z.object({ states: z.array(z.string()), errors: z.record(z.string(), z.number()) }),
  usage: z
    .object({ inputTokens: count, outputTokens: count, llmCalls: count, estimated: z.boolean() })
    .default(NO_USAGE),
});

export type CheckpointData = z.output<typeof data>;

export function checkpointOf(state: State): AgentArtifact["checkpoint"] {
  const { work, stage, iterations, tried, usage } = state;
  const known: CheckpointData = {
    ...(work.analysis === undefined ? {} : { analysis: work.analysis }),
    ...(work.architecture === undefined ? {} : { architecture: work.architecture }),
    cases: work.cases,
    refuted: work.refuted,
    tried,
    usage,
  };
  return { ...(stage === undefined ? {} : { stage }), iterations, data: known };
}

/**
 * The state that an earlier pod of this task left. Undefined when it cannot be relied on: files that were cut are no
 * files. Then the work begins anew.
 */
export function resumed(fresh: State, left: AgentArtifact): State | undefined {
  const parsed = data.safeParse(left.checkpoint.data);
  const { stage, iterations } = left.checkpoint;
  if (!parsed.success || stage === undefined) return undefined;
  if ([...left.files, ...left.tests].some(({ path }) => left.truncated.includes(path))) return undefined;
  // What stands beside the code is made anew from the language, unless the task brought it.
  const { language, kind } = fresh.work;
  const beside = new Set([...language.scaffold(kind), ...language.deployment(kind)].map(({ path }) => path));
  const brought = new Set(fresh.work.code.map(({ path }) => path));
  const code = left.files.filter(({ path }) => !beside.has(path) || brought.has(path));
  const work: Work = {
    ...fresh.work,
    analysis: parsed.data.analysis,
    architecture: parsed.data.architecture,
    cases: parsed.data.cases,
    refuted: parsed.data.refuted,
    code,
    tests: left.tests,
    documentation: left.documentation,
  };
  const { tried, usage } = parsed.data;
  const measured: Measured = {};
  // What was measured is measured again: validation is where a new pod begins that finds code and tests. Also where all was
  // done and only the last word was lost.
  const made = ["validated", "documentation", "done"].includes(stage);
  const before = made ? "tests" : stage;
  return { ...fresh, work, stage: before, iterations, tried, usage, measured };
}
