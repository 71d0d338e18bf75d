import { z } from "zod";
import { AGENT_STAGE_NAMES, FINAL_TASK_PHASES, TASK_PHASES, type TaskPhase } from "./agent-stages.ts";
import { count, generation, lineOfText, mapOf, prose, timestamp } from "./atoms.ts";
import { condition } from "./metadata.ts";
import { type Rule, rules, transitions } from "./rules.ts";

/** The conditions of an AgentTask, in the order a reader should look at them, each with its meaning when True. */
export const AGENT_TASK_CONDITIONS = {
  Accepted: "The task can be run here: its namespace is a Tenant's, its size and its model are allowed.",
  Isolated: "The agents' fence stands in its namespace: its account, its rights and its network policy.",
  Progressing: "An agent is at work.",
  Verified:
    "Every acceptance case of the spec passed, judged outside of the process that ran the code. False with reason SelfTested where the spec has none.",
  Succeeded: "The task is done. False: it ended otherwise, and reason and message say how.",
} as const;

export type AgentTaskConditionType = keyof typeof AGENT_TASK_CONDITIONS;

/** The name of an object that goes with a task. */
const objectName = () => lineOfText(253);

const uid = () => z.string().max(64);

const percent = () => count(100);

interface Said {
  phase?: TaskPhase | undefined;
  verification?: { acceptance?: { total: number; passed: number; failed: number } | undefined } | undefined;
  conditions?: readonly { type: string; status: string }[] | undefined;
}

const isTrue = (said: Said, type: string) =>
  (said.conditions ?? []).some((each) => each.type === type && each.status === "True");

const honest: readonly Rule<Said>[] = [
  {
    rule: "!has(self.phase) || self.phase != 'Succeeded' || !has(self.verification) || !has(self.verification.acceptance) || (self.verification.acceptance.failed == 0 && self.verification.acceptance.passed == self.verification.acceptance.total)",
    message: "status.phase must not be Succeeded while an acceptance case has not passed",
    test: ({ phase, verification }) => {
      const acceptance = verification?.acceptance;
      return (
        phase !== "Succeeded" ||
        acceptance === undefined ||
        (acceptance.failed === 0 && acceptance.passed === acceptance.total)
      );
    },
    field: "phase",
  },
  {
    rule: "!has(self.conditions) || !self.conditions.exists(each, each.type == 'Verified' && each.status == 'True') || (has(self.verification) && has(self.verification.acceptance) && self.verification.acceptance.total > 0 && self.verification.acceptance.passed == self.verification.acceptance.total)",
    message: "condition Verified must not be True unless acceptance cases ran and every one of them passed",
    test: (said) => {
      const acceptance = said.verification?.acceptance;
      return (
        !isTrue(said, "Verified") ||
        (acceptance !== undefined && acceptance.total > 0 && acceptance.passed === acceptance.total)
      );
    },
    field: "conditions",
  },
  {
    rule: "!has(self.conditions) || !self.conditions.exists(each, each.type == 'Succeeded' && each.status == 'True') || (has(self.phase) && self.phase == 'Succeeded')",
    message: "condition Succeeded must not be True in another phase than Succeeded",
    test: (said) => !isTrue(said, "Succeeded") || said.phase === "Succeeded",
    field: "conditions",
  },
];

const FINAL = `['${FINAL_TASK_PHASES.join("', '")}']`;

export const agentTaskStatus = rules(
  transitions(
    z.object({
      observedGeneration: generation().optional().describe("metadata.generation this status was written for."),
      phase: z.enum(TASK_PHASES).optional().describe("Where the task is in its life."),
      stage: z.enum(AGENT_STAGE_NAMES).optional().describe("The last stage that the agent completed."),
      progress: percent().optional().describe("Percent done. It never goes down within an attempt."),
      activity: prose(256).optional().describe("What the agent does right now, in its own words."),
      attempt: count().optional().describe("Pods that have worked on it, the present one included."),
      iterations: count().optional().describe("Times that the agent corrected its own work."),
      queuePosition: count()
        .optional()
        .describe("How many start before it, plus one; kept for the first ten of a Tenant's queue only."),
      usage: z
        .object({
          inputTokens: count().describe("Tokens that the model read."),
          outputTokens: count().describe("Tokens that the model wrote."),
          llmCalls: count().describe("Requests to the model."),
          estimated: z.boolean().optional().describe("Some of it was estimated: the model's server did not say."),
        })
        .optional()
        .describe("What it took of the model, as the agent says. What is billed is counted by the gateway."),
      verification: z
        .object({
          tests: z.string().max(25).optional().describe("The agent's own tests as passed/total, for the column."),
          testsTotal: count().optional().describe("The agent's own tests."),
          testsPassed: count().optional().describe("Those of them that passed."),
          testsFailed: count().optional().describe("Those that did not."),
          coverage: percent().optional().describe("Percent of the code's lines that its tests ran."),
          qualityScore: percent().optional().describe("From what was measured: tests, coverage, checks, size."),
          acceptance: z
            .object({
              total: count(50).describe("Cases of spec.acceptance."),
              passed: count(50).describe("Those that passed."),
              failed: count(50).describe("Those that did not."),
            })
            .optional()
            .describe("The cases of spec.acceptance, judged outside of the process that ran the code."),
        })
        .optional()
        .describe("What was measured of the result."),
      artifact: z
        .object({
          configMap: objectName().optional().describe("Where the result is, until the API server has collected it."),
          sha256: z
            .string()
            .max(64)
            .regex(/^[0-9a-f]{64}$/)
            .optional()
            .describe("Sum of its bytes."),
          sizeBytes: count().optional().describe("How large it is."),
          collectedAt: timestamp().optional().describe("When the API server took it over. Written by the API server."),
        })
        .optional()
        .describe("Code, tests, documentation and step log."),
      jobName: objectName().optional().describe("The Job that runs it."),
      jobUID: uid().optional().describe("The Job's uid."),
      podName: objectName().optional().describe("The pod that works on it now."),
      podUID: uid().optional().describe("The pod's uid. Only this one's report counts, and only it may ask the model."),
      queuedTime: timestamp().optional().describe("Since when it waits for its turn."),
      startTime: timestamp().optional().describe("When its Job was made."),
      completionTime: timestamp().optional().describe("When it came to its end."),
      issues: z
        .array(prose(200))
        .max(20)
        .meta({ "x-kubernetes-list-type": "atomic" })
        .optional()
        .describe("What is wrong with the result, where it failed."),
      conditions: mapOf(condition, ["type"], 16)
        .optional()
        .describe(`Conditions by type: ${Object.keys(AGENT_TASK_CONDITIONS).join(", ")}.`),
    }),
    [
      {
        rule: "!has(oldSelf.progress) || (has(self.progress) && self.progress >= oldSelf.progress) || (has(self.attempt) && (!has(oldSelf.attempt) || self.attempt > oldSelf.attempt))",
        message: "status.progress must not go down within an attempt; raise status.attempt when another pod begins",
        field: "progress",
      },
      {
        rule: "!has(oldSelf.attempt) || (has(self.attempt) && self.attempt >= oldSelf.attempt)",
        message: "status.attempt must not go down",
        field: "attempt",
      },
      {
        rule: `!has(oldSelf.phase) || !(oldSelf.phase in ${FINAL}) || (has(self.phase) && self.phase == oldSelf.phase)`,
        message: "status.phase is final and was changed; a task that ended is run again as a new task",
        field: "phase",
      },
    ],
  ),
  honest,
).describe("What the operator saw. It alone writes it, but for artifact.collectedAt, which is the API server's.");
