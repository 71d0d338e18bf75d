import { AGENT_STAGE_NAMES, type AgentStage } from "@leanvibe/schema";
import type { Asking } from "./answers/ask.ts";
import { CHECK_BOUNDS, type Language } from "./languages/language.ts";
import { analyse } from "./phases/analysis.ts";
import { design } from "./phases/architecture.ts";
import { generateCode } from "./phases/code.ts";
import { correct } from "./phases/correction.ts";
import { documentWork } from "./phases/documentation.ts";
import { correctFunction } from "./phases/function.ts";
import { qualityFindings } from "./phases/quality-check.ts";
import { withoutRefuted } from "./phases/refuted.ts";
import { generateTests } from "./phases/tests.ts";
import { type Finding, type Verdict, validate } from "./phases/validation.ts";
import { merged, permitted, type Work } from "./phases/work.ts";
import type { Sandbox } from "./sandbox/index.ts";
import { type Outcome, outcomeOf, type State } from "./state.ts";
import { circling } from "./stuck.ts";
import { failedOutcome, finalOutcomeOf, isDoubtful, rankOf } from "./verdict.ts";

export type Loop = {
  asking: Asking;
  sandbox: Sandbox;
  /** After each phase and each correction; what it keeps is what a next pod goes on from. */
  keep(state: State): Promise<void>;
  /** What is being done now, in one line. */
  tell(state: State, activity: string): void;
};

/**
 * The whole of a task: phases in order, then corrections until what was run says that it works or another has no point.
 * It ends in an outcome for everything that is the task's or the model's own doing, and throws what a new pod may do
 * better: the model was gone, the pod was told to stop.
 */
export async function runTask(loop: Loop, begun: State): Promise<{ state: State; outcome: Outcome }> {
  const run = new Run(loop, begun);
  try {
    const missing = await languageMissing(loop.sandbox, begun.work.language);
    if (missing !== undefined) return { outcome: missing, state: begun };
    await run.create();
    return { outcome: await run.prove(), state: run.state };
  } catch (error) {
    const outcome = finalOutcomeOf(error);
    if (outcome === undefined) throw error;
    return { outcome, state: run.state };
  }
}

/** What lv-exec says of a kernel on which it runs nothing. */
const UNFENCED = /no Landlock/;

/** Before a token is spent on code that could not be run here. */
async function languageMissing(sandbox: Sandbox, { probe, title }: Language): Promise<Outcome | undefined> {
  const { exitCode, stderr } = await sandbox.run({ argv: [...probe], ...CHECK_BOUNDS });
  if (exitCode === 0) return undefined;
  const why = `${title} cannot be run in this sandbox: ${stderr.trim().slice(-300)}`;
  return outcomeOf("Failed", UNFENCED.test(stderr) ? "SandboxFailed" : "LanguageUnavailable", why);
}

type Best = { rank: number; work: Work; measured: State["measured"]; findings: readonly Finding[] };

class Run {
  state: State;
  readonly #loop: Loop;
  #best: Best | undefined;
  /** Tests of which programs that were written apart do not say the same. */
  readonly #undecided = new Set<string>();
  /** What came of validating last. */
  #verdict: Verdict = { findings: [], measured: {}, failures: [] };

  constructor(loop: Loop, state: State) {
    this.#loop = loop;
    this.state = state;
  }

  /** The phases that make something, each unless an earlier pod has done it. */
  async create(): Promise<void> {
    const { asking } = this.#loop;
    await this.#phase("analysis", "Analysing the task", async (work) => ({ analysis: await analyse(asking, work) }));
    if (this.state.work.profile.name === "project") {
      await this.#phase("architecture", "Designing the architecture", async (work) => ({
        architecture: await design(asking, work),
      }));
    }
    await this.#phase("code", "Generating code", async (work) => ({
      code: merged(work.code, permitted(work, await generateCode(asking, work)).code),
    }));
    await this.#phase("tests", "Creating tests", (work) => generateTests(asking, work));
  }

  /** Validation, documentation and quality check, with a correction after each of them that finds a fault. */
  async prove(): Promise<Outcome> {
    const { maxIterations } = this.state.work.task;
    for (;;) {
      const findings = await this.#findings();
      if (findings.length === 0) return this.#done();
      if (this.state.iterations >= maxIterations) return this.#failed(findings, undefined);
      const text = findings.map((finding) => finding.text).join("\n");
      const { tried, why } = circling(this.state.tried, [...this.state.work.code, ...this.state.work.tests], text);
      if (why !== undefined) return this.#failed(findings, why);
      if (!(await this.#corrected(findings, tried))) return this.#failed(findings, undefined);
    }
  }

  async #findings(): Promise<Finding[]> {
    this.#tell("Validating the code");
    const { sandbox, asking } = this.#loop;
    const verdict = await validate(sandbox, asking.steps, this.state.work);
    const { findings, measured } = verdict;
    this.#verdict = verdict;
    const { tests } = verdict;
    await this.#advance({ measured, ...(tests === undefined ? {} : { work: { ...this.state.work, tests } }) });
    this.#remember(findings);
    if (findings.length > 0) return findings;
    await this.#advance({ stage: "validated" });
    if (this.state.work.profile.name === "function") return [];
    this.#tell("Writing documentation");
    const written = await documentWork(asking, sandbox, this.state.work);
    await this.#advance({
      stage: "documentation",
      work: { ...this.state.work, documentation: written.files },
      measured: { ...measured, ...written.measured },
    });
    return qualityFindings(asking.steps, this.state.measured, this.state.work.profile, verdict.lint);
  }

  /**
   * Answers without usable files count as corrections too, and others are asked for; false when there are no more. What was
   * tried is kept together with what came of it: to a pod that goes on from before that, these files would be a circle.
   */
  async #corrected(findings: readonly Finding[], tried: State["tried"]): Promise<boolean> {
    const { maxIterations } = this.state.work.task;
    while (this.state.iterations < maxIterations) {
      const iteration = this.state.iterations + 1;
      this.#tell(`Correcting (${iteration} of ${maxIterations}): ${findings[0]?.text.split("\n", 1)[0] ?? ""}`);
      const changed = await this.#change(findings, iteration);
      if (isOutvoted(this.state.work, findings, changed)) this.#best = undefined;
      if (changed === undefined) {
        await this.#advance({ iterations: iteration });
        continue;
      }
      await this.#advance({ iterations: iteration, tried, work: { ...this.state.work, ...changed } });
      return true;
    }
    return false;
  }

  async #change(findings: readonly Finding[], iteration: number): Promise<Partial<Work> | undefined> {
    const { asking, sandbox } = this.#loop;
    const { work } = this.state;
    const fault = { verdict: this.#verdict, iteration };
    if (work.profile.name === "function") return correctFunction({ asking, sandbox }, work, fault);
    // Findings of the quality check come behind the verdict's, which has none then.
    return (
      (await withoutRefuted({ asking, sandbox }, work, fault, this.#undecided)) ??
      (await correct(asking, work, findings, iteration))
    );
  }

  async #phase(stage: AgentStage, activity: string, make: (work: Work) => Promise<Partial<Work>>): Promise<void> {
    if (reached(this.state.stage, stage)) return;
    this.#tell(activity);
    const made = await make(this.state.work);
    await this.#advance({ stage, work: { ...this.state.work, ...made } });
  }

  async #done(): Promise<Outcome> {
    await this.#advance({ stage: "done" });
    const { total = 0, passed = 0 } = this.state.measured.tests ?? {};
    const { acceptance } = this.state.measured;
    const judged = acceptance === undefined ? "no acceptance cases" : `${acceptance.passed} acceptance cases`;
    const refuted = this.state.work.refuted.length;
    const told = refuted === 0 ? "" : `; ${refuted} of the model's own tests are left out, as the step log says`;
    return outcomeOf("Succeeded", "Completed", `${passed} of ${total} tests pass, and ${judged}${told}`);
  }

  /** What is handed out of work that failed is the best of what there was, not the last, and what it fails by. */
  async #failed(findings: readonly Finding[], stalled: string | undefined): Promise<Outcome> {
    const { profile } = this.state.work;
    const rank = rankOf(findings, this.state.measured, profile);
    // Of a function's the first of equals is the likeliest; of a project's the last is what the findings are of.
    const isBehind = (best: Best) => best.rank < rank || (profile.name === "function" && best.rank === rank);
    if (this.#best !== undefined && this.#best.work !== this.state.work && isBehind(this.#best)) {
      const { work, measured } = this.#best;
      await this.#advance({ work, measured });
      return failedOutcome(this.#best.findings, this.state, stalled);
    }
    return failedOutcome(findings, this.state, stalled);
  }

  #remember(findings: readonly Finding[]): void {
    const { work, measured } = this.state;
    const rank = rankOf(findings, measured, work.profile);
    if (this.#best === undefined || rank < this.#best.rank) this.#best = { rank, work, measured, findings };
  }

  async #advance(change: Partial<State>): Promise<void> {
    const stage = reached(this.state.stage, change.stage) ? this.state.stage : change.stage;
    this.state = { ...this.state, ...change, stage, usage: this.#loop.asking.model.used() };
    // Figures alone are in the report; they are measured again by whoever goes on from here.
    if (change.work !== undefined || change.stage !== undefined || change.iterations !== undefined) {
      await this.#loop.keep(this.state);
    }
  }

  #tell(activity: string): void {
    this.state = { ...this.state, usage: this.#loop.asking.model.used() };
    this.#loop.tell(this.state, activity);
  }
}

/** Of functions that are as good the first is the best, but not once others speak against it. */
function isOutvoted(work: Work, findings: readonly Finding[], changed: Partial<Work> | undefined): boolean {
  if (work.profile.name !== "function" || changed?.code === undefined) return false;
  return isDoubtful(findings) && changed.code !== work.code;
}

/** Is that stage behind us? Progress never goes back inside a pod, also when a late fault is corrected. */
function reached(current: AgentStage | undefined, stage: AgentStage | undefined): boolean {
  if (stage === undefined) return true;
  return current !== undefined && AGENT_STAGE_NAMES.indexOf(current) >= AGENT_STAGE_NAMES.indexOf(stage);
}
