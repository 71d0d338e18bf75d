import { readFile } from "node:fs/promises";
import { type Log, messageOf } from "@leanvibe/runtime";
import { AGENT_STAGES, type TaskExecution, type TaskInput, taskInput } from "@leanvibe/schema";
import { artifactOf, type Packed, packed, unpacked } from "./artifact.ts";
import { resumed } from "./checkpoint.ts";
import type { Store } from "./cluster.ts";
import type { Config } from "./config.ts";
import { type Loop, runTask } from "./loop.ts";
import { type ModelOptions, modelOf } from "./model/client.ts";
import { contextTokensOf } from "./model/context.ts";
import { ModelUnavailable } from "./model/errors.ts";
import type { Endpoint } from "./model/request.ts";
import { PROFILES } from "./phases/work.ts";
import { type Pace, REPORT_PACE, reportText, reportWriter } from "./report.ts";
import type { Sandbox } from "./sandbox/index.ts";
import { newState, type Outcome, outcomeOf, type State } from "./state.ts";
import { Steps } from "./steps.ts";

/**
 * What a pod ends with: only a terminal report is 0, whatever it says. `again` and `limited` say that the model was out of
 * reach, or had no room, for too long.
 */
export const EXIT_CODES = { told: 0, crashed: 1, again: 75, limited: 76, terminated: 143 } as const;

export type Surroundings = {
  config: Config;
  store: Store;
  /** Connected only when there is something to run in it. */
  sandbox(): Promise<Sandbox>;
  log: Log;
  pace?: Pace;
  /** How long the model may be out of reach before this pod ends; {@link UNAVAILABLE_MILLISECONDS} unless a test waits for it. */
  unavailableMilliseconds?: number;
};

const UNAVAILABLE_MILLISECONDS = 300_000;

/** Longest answer that is read, and how long an answer may take. */
const ANSWER_BOUNDS = { answerBytes: 256 * 1024, totalMilliseconds: 900_000, idleMilliseconds: 180_000 } as const;

/** In place of a task that cannot be read. */
const NO_TASK: TaskInput = {
  name: "",
  title: "",
  description: "",
  language: "typescript",
  requirements: {},
  acceptance: [],
  source: [],
  maxIterations: 1,
  limits: {},
};

/** One pod's work on a task, with what it must do when it is told to stop. */
export class Agent {
  readonly #with: Surroundings;
  readonly #stop = new AbortController();
  readonly #reports;
  #state: State | undefined;
  #steps: Steps | undefined;
  #artifact: Packed | undefined;

  constructor(surroundings: Surroundings) {
    this.#with = surroundings;
    const { store, log, pace = REPORT_PACE } = surroundings;
    const failed = (error: unknown) => log.warn({ error: messageOf(error) }, "a report was not written");
    this.#reports = reportWriter((text) => store.writeReport(text), failed, pace);
  }

  /** @returns the exit code. Terminal reports are written before it returns. */
  async run(): Promise<number> {
    const { config, log } = this.#with;
    let task: TaskInput;
    try {
      task = taskInput.parse(JSON.parse(await readFile(config.taskFile, "utf8")));
    } catch (error) {
      log.error({ error: messageOf(error) }, "the task cannot be read");
      return this.#refuse(messageOf(error));
    }
    const fresh = newState(task, PROFILES.project);
    const begun = (await this.#leftBehind(fresh)) ?? fresh;
    this.#state = begun;
    try {
      const { state, outcome } = await this.#work(begun);
      await this.#end(state, outcome);
      log.info({ outcome, usage: state.usage }, "the task is through");
      return EXIT_CODES.told;
    } catch (error) {
      if (!(error instanceof ModelUnavailable)) throw error;
      log.error({ error: error.message }, "the model is not to be had");
      const why = error.rateLimited ? "rate limited" : "model unavailable";
      await this.#end(this.#state, undefined, `${why}: ${error.message}`);
      return error.rateLimited ? EXIT_CODES.limited : EXIT_CODES.again;
    }
  }

  /** Partial results and a report, from whatever was done last; the pod has eight seconds. */
  async terminate(): Promise<number> {
    this.#stop.abort(new Error("the pod was told to stop"));
    if (this.#state !== undefined) await this.#end(this.#state, undefined, "stopped; what there is so far is kept");
    return EXIT_CODES.terminated;
  }

  /** A task that is none is none for the next pod too. */
  async #refuse(why: string): Promise<number> {
    const { config, store } = this.#with;
    const state = newState({ ...NO_TASK, name: config.job.task }, PROFILES.project);
    const outcome = outcomeOf("Failed", "InvalidTask", `the task cannot be read: ${why}`);
    await store.writeReport(
      reportText({ podUID: config.podUID, state, activity: outcome.message, artifact: undefined, outcome }),
    );
    return EXIT_CODES.told;
  }

  async #work(begun: State): Promise<{ state: State; outcome: Outcome }> {
    const { config, log } = this.#with;
    const endpoint: Endpoint = {
      url: config.model.url,
      model: config.model.name,
      token: () => tokenOf(config.model.tokenFile),
      headers: { "x-leanvibe-task": `${config.job.namespace}/${config.job.task}` },
      ...ANSWER_BOUNDS,
    };
    const steps = this.#steps ?? new Steps(config.podName);
    this.#steps = steps;
    const model = modelOf({
      ...endpoint,
      unavailableMilliseconds: this.#with.unavailableMilliseconds ?? UNAVAILABLE_MILLISECONDS,
      ...leftOf(begun.work.task, steps.all()),
      maxTokens: begun.work.task.limits.maxTokens,
      before: begun.usage,
      signal: this.#stop.signal,
      waiting: (why, milliseconds) => {
        log.warn({ why, milliseconds }, "the model is asked again");
        if (this.#state !== undefined) this.#say(this.#state, `Waiting for the model: ${why}`, false);
      },
    });
    let sandbox: Sandbox;
    try {
      sandbox = await this.#with.sandbox();
    } catch (error) {
      return { state: begun, outcome: outcomeOf("Failed", "SandboxFailed", messageOf(error)) };
    }
    const loop: Loop = {
      asking: { model, steps, contextTokens: await contextTokensOf(endpoint, this.#stop.signal) },
      sandbox,
      keep: async (state) => {
        this.#state = state;
        await this.#keep(state);
        this.#say(state, state.stage === undefined ? "Starting" : AGENT_STAGES[state.stage].text, true);
      },
      tell: (state, activity) => {
        this.#state = state;
        log.info({ stage: state.stage, iterations: state.iterations }, activity);
        this.#say(state, activity, false);
      },
    };
    return runTask(loop, begun).finally(() => sandbox.close());
  }

  async #leftBehind(fresh: State): Promise<State | undefined> {
    const { store, log, config } = this.#with;
    const bytes = await store.artifact();
    if (bytes === undefined) return undefined;
    try {
      const left = unpacked(bytes);
      const state = resumed(fresh, left);
      if (state === undefined) return undefined;
      this.#steps = new Steps(config.podName, left.steps);
      log.info({ stage: state.stage, iterations: state.iterations }, "going on from an earlier pod's work");
      return state;
    } catch (error) {
      log.warn({ error: messageOf(error) }, "an earlier pod's work cannot be read; beginning anew");
      return undefined;
    }
  }

  async #keep(state: State): Promise<void> {
    const artifact = packed(artifactOf(state, this.#steps?.all() ?? []));
    // Nothing that was kept before is worse than a task that ends because the API server was busy.
    try {
      await this.#with.store.writeArtifact(artifact.bytes);
      this.#artifact = artifact;
    } catch (error) {
      this.#with.log.warn({ error: messageOf(error) }, "the artifact was not written");
    }
  }

  async #end(state: State | undefined, outcome: Outcome | undefined, activity?: string): Promise<void> {
    if (state === undefined) return;
    await this.#keep(state);
    const said = activity ?? (outcome?.result === "Succeeded" ? AGENT_STAGES.done.text : (outcome?.message ?? ""));
    const saying = { podUID: this.#with.config.podUID, state, activity: said, artifact: this.#artifact };
    await this.#reports.last(outcome === undefined ? saying : { ...saying, outcome });
  }

  #say(state: State, activity: string, urgent: boolean): void {
    this.#reports.say({ podUID: this.#with.config.podUID, state, activity, artifact: this.#artifact }, urgent);
  }
}

/** How long the task may still work, by the steps of earlier pods and this one's age; rather too long than too short. */
function leftOf({ limits }: TaskInput, before: readonly TaskExecution[]): Pick<ModelOptions, "leftMilliseconds"> {
  const { activeDeadlineSeconds } = limits;
  if (activeDeadlineSeconds === undefined) return {};
  const left = before.reduce((sum, { ms }) => sum - ms, activeDeadlineSeconds * 1_000);
  return { leftMilliseconds: () => left - performance.now() };
}

async function tokenOf(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : (await readFile(file, "utf8")).trim();
}
