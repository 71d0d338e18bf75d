import type { TaskInput } from "@leanvibe/schema";
import type { Loop } from "../../operator/agent/loop.ts";
import { runTask } from "../../operator/agent/loop.ts";
import { modelOf } from "../../operator/agent/model/client.ts";
import { PROFILES, type Profile } from "../../operator/agent/phases/work.ts";
import { newState, type Outcome, type State } from "../../operator/agent/state.ts";
import { Steps } from "../../operator/agent/steps.ts";
import { readScript, type Script } from "./model/script.ts";
import { type Asked, startScriptedModel } from "./model/server.ts";
import { workbench } from "./workbench.ts";

export function taskOf(change: Partial<TaskInput> = {}): TaskInput {
  return {
    name: "task",
    title: "Make a slug",
    description: "A function slug(text) for the names of pages.",
    language: "typescript",
    requirements: {},
    acceptance: [],
    source: [],
    maxIterations: 3,
    limits: {},
    ...change,
  };
}

export type Ran = {
  outcome: Outcome;
  state: State;
  steps: Steps;
  asked: readonly Asked[];
  /** Stages in the order in which they were kept, and activities as they were told. */
  kept: State[];
  told: string[];
};

/** A whole task against a scripted model, with whatever it writes really run. */
export async function ran(
  script: string | Script,
  task: TaskInput,
  profile: Profile = PROFILES.project,
  begun: (fresh: State) => State = (fresh) => fresh,
): Promise<Ran> {
  const server = await startScriptedModel({ script: () => (typeof script === "string" ? readScript(script) : script) });
  const sandbox = await workbench();
  const steps = new Steps("test");
  const kept: State[] = [];
  const told: string[] = [];
  const fresh = begun(newState(task, profile));
  const model = modelOf({
    url: server.url,
    model: "scripted",
    token: async () => undefined,
    headers: {},
    answerBytes: 256 * 1024,
    totalMilliseconds: 10_000,
    idleMilliseconds: 2_000,
    unavailableMilliseconds: 3_000,
    maxTokens: task.limits.maxTokens,
    before: fresh.usage,
    signal: new AbortController().signal,
    random: () => 0,
  });
  const loop: Loop = {
    asking: { model, steps, contextTokens: 32_000 },
    sandbox,
    async keep(state) {
      kept.push(state);
    },
    tell(_state, activity) {
      told.push(activity);
    },
  };
  try {
    const { outcome, state } = await runTask(loop, fresh);
    return { outcome, state, steps, asked: server.asked, kept, told };
  } finally {
    await sandbox.close();
    await server.close();
  }
}
