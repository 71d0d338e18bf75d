import { messageOf } from "@leanvibe/runtime";
import type { TaskExecution } from "@leanvibe/schema";
import type { ChatAnswer } from "./model/client.ts";

export type RunningStep = {
  /** With `fault` the answer came and could not be used. */
  end(answer: Pick<ChatAnswer, "text" | "model" | "usage">, fault?: string): void;
  fail(error: unknown): void;
};

/** The schema's bound on steps, less some for the end; what comes after is not written but counted. */
const STEPS_MAX = 950;

/** The step log: every prompt with its answer, and every verdict of a phase, in order. */
export class Steps {
  readonly #agent: string;
  readonly #now: () => number;
  readonly #done: TaskExecution[];

  /** `before`: what an earlier pod of the task has done. */
  constructor(agent: string, before: readonly TaskExecution[] = [], now: () => number = Date.now) {
    this.#agent = agent;
    this.#now = now;
    this.#done = [...before];
  }

  /** A question to the model; it is in the log when it has ended. */
  begin(step: string, prompt: string): RunningStep {
    const started = this.#now();
    const write = (status: TaskExecution["status"], output: string, tokens: number) =>
      this.#add({ step, status, prompt, output, tokens }, started);
    return {
      end: ({ text, model, usage }, fault) => {
        const by = fault === undefined ? `[${model}]` : `[${model}; not usable: ${fault}]`;
        write(fault === undefined ? "completed" : "failed", `${by}\n${text}`, usage.inputTokens + usage.outputTokens);
      },
      fail: (error) => write("failed", messageOf(error), 0),
    };
  }

  /** What a phase decided without the model: a run's outcome, a fallback that was taken. */
  note(step: string, status: TaskExecution["status"], output: string): void {
    this.timed(step)(status, output);
  }

  /** The same of something that takes its time, which begins now. */
  timed(step: string): (status: TaskExecution["status"], output: string) => void {
    const started = this.#now();
    return (status, output) => this.#add({ step, status, prompt: "", output, tokens: 0 }, started);
  }

  all(): readonly TaskExecution[] {
    return this.#done;
  }

  #add(said: Pick<TaskExecution, "step" | "status" | "prompt" | "output" | "tokens">, started: number): void {
    if (this.#done.length >= STEPS_MAX) return;
    const ms = Math.max(0, Math.round(this.#now() - started));
    this.#done.push({ agent_id: this.#agent, ...said, ms, started_at: new Date(started).toISOString() });
  }
}
