import { randomUUID } from "node:crypto";
import type { TaskExecution } from "@leanvibe/schema";
import { blocksOf } from "../../operator/agent/answers/blocks.ts";
import { runTask } from "../../operator/agent/loop.ts";
import { type Model, modelOf } from "../../operator/agent/model/client.ts";
import { NO_USAGE, type Usage } from "../../operator/agent/model/usage.ts";
import { PROFILES } from "../../operator/agent/phases/work.ts";
import type { Sandbox } from "../../operator/agent/sandbox/index.ts";
import { newState } from "../../operator/agent/state.ts";
import { Steps } from "../../operator/agent/steps.ts";
import { judging, type Problem, taskOf } from "./humaneval.ts";
import { type Attempt, Refused } from "./record.ts";

export type Endpoint = { url: string; model: string; token: string | undefined; contextTokens: number };

export const MAX_ITERATIONS = 3;
/** A server that has to load its model first answers late, but it listens. */
const REACHED_MILLISECONDS = 3_000;

/** Which model answers there, by its own word. @throws Refused where none does. */
export async function answeringModel(endpoint: Endpoint): Promise<string> {
  const model = modelAt(endpoint, REACHED_MILLISECONDS);
  const messages = [{ role: "user" as const, content: "Say yes." }];
  try {
    return (await model.ask({ messages, maxTokens: 8, temperature: 0, seed: 0 })).model;
  } catch (error) {
    throw new Refused(`no model answers at ${endpoint.url}: ${error instanceof Error ? error.message : error}`);
  }
}

export type Attempted = Omit<Attempt, "agent"> & { steps: readonly TaskExecution[] };

export async function attempt(endpoint: Endpoint, sandbox: Sandbox, problem: Problem): Promise<Attempted> {
  const bare = await bareAnswer(modelAt(endpoint), problem);
  const began = performance.now();
  const model = modelAt(endpoint);
  const steps = new Steps("eval");
  const asking = { model, steps, contextTokens: endpoint.contextTokens };
  const silent = { keep: async () => undefined, tell: () => undefined };
  const { outcome, state } = await runTask(
    { asking, sandbox, ...silent },
    newState(taskOf(problem, MAX_ITERATIONS), PROFILES.function),
  );
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const code = state.work.code.map(({ content }) => content).join("\n");
  const used = model.used();
  return {
    id: problem.task_id,
    model: bare.model,
    result: outcome.result,
    reason: outcome.reason,
    iterations: state.iterations,
    solved: await solves(sandbox, problem, code),
    bareSolved: await solves(sandbox, problem, bare.code),
    tokens: used.inputTokens + used.outputTokens,
    bareTokens: bare.usage.inputTokens + bare.usage.outputTokens,
    calls: used.llmCalls,
    seconds,
    bareSeconds: bare.seconds,
    estimated: used.estimated || bare.usage.estimated,
    message: [outcome.message, ...outcome.issues].join("; "),
    code,
    bareCode: bare.code,
    steps: steps.all(),
  };
}

async function bareAnswer(
  model: Model,
  { prompt }: Problem,
): Promise<{ code: string; model: string; usage: Usage; seconds: number }> {
  const content = `Complete this Python function. Answer with the whole code in one fenced block.\n\n\`\`\`python\n${prompt}\`\`\``;
  const answer = await model.ask({ messages: [{ role: "user", content }], maxTokens: 900, temperature: 0, seed: 0 });
  const code = blocksOf(`${answer.text}\n\`\`\``).blocks[0]?.content ?? answer.text;
  return { code, model: answer.model, usage: answer.usage, seconds: Math.round(answer.milliseconds / 100) / 10 };
}

/** Do the hidden tests pass? Asked when the agent is through, so that nothing of them is there for it to find. */
async function solves(sandbox: Sandbox, problem: Problem, code: string): Promise<boolean> {
  const proof = randomUUID();
  await sandbox.put([{ path: "hidden.py", content: judging(problem, code, proof) }]);
  const run = await sandbox.run({ argv: ["python3", "hidden.py"], timeoutMilliseconds: 30_000, outputBytes: 65_536 });
  return run.exitCode === 0 && run.stdout.trimEnd().endsWith(proof);
}

function modelAt({ url, model, token }: Endpoint, unavailableMilliseconds = 300_000): Model {
  return modelOf({
    url,
    model,
    token: async () => token,
    headers: {},
    answerBytes: 256 * 1024,
    totalMilliseconds: 900_000,
    idleMilliseconds: 300_000,
    unavailableMilliseconds,
    maxTokens: undefined,
    before: NO_USAGE,
    signal: new AbortController().signal,
    waiting: (why, milliseconds) => console.error(`  waiting ${milliseconds} ms: ${why}`),
  });
}
