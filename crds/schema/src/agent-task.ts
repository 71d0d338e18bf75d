import { z } from "zod";
import { TASK_LANGUAGES, TASK_PRIORITIES } from "./agent-stages.ts";
import { acceptanceCase, sourceFile } from "./agent-task-parts.ts";
import { AGENT_TASK_CONDITIONS, agentTaskStatus } from "./agent-task-status.ts";
import { count, dnsLabel, freeObject, isDnsLabel, lineOfText, mapOf, prose, quantity } from "./atoms.ts";
import { type Column, defineKind, type KindObject, parserOf } from "./kind.ts";
import { GROUP, VERSION } from "./names.ts";
import { immutable, transitions } from "./rules.ts";

const LIMITS = { activeDeadlineSeconds: 3_600 } as const;
const RESOURCES = { cpu: "500m", memory: "512Mi" } as const;

const limits = z.object({
  maxTokens: z
    .int()
    .min(1_000)
    .max(100_000_000)
    .optional()
    .describe("Tokens that it may take of the model, read and written together. Omitted, the plan's alone bound it."),
  activeDeadlineSeconds: z
    .int()
    .min(30)
    .max(86_400)
    .default(LIMITS.activeDeadlineSeconds)
    .describe("How long it may work in all, from when its Job starts; time in the queue and at rest does not count."),
});

const resources = z.object({
  cpu: quantity().default(RESOURCES.cpu).describe("CPU of the sandbox in which its code runs, such as 500m."),
  memory: quantity().default(RESOURCES.memory).describe("Memory of that sandbox, such as 512Mi, its files included."),
});

/** What may be changed while it lives. */
const CHANGEABLE = ["desiredState", "ttlSecondsAfterFinished"] as const;

const fields = z.object({
  title: lineOfText(200).describe("What is to be made, in a line."),
  description: prose(8_192).min(1).describe("What is to be made, for the agent."),
  priority: z
    .enum(TASK_PRIORITIES)
    .default("medium")
    .describe("Urgent ones start first; among equals Tenants take turns."),
  requirements: freeObject(100)
    .default({})
    .describe("What the result must have, by names of your own; each is looked at. At most 16 KiB of JSON."),
  acceptance: mapOf(acceptanceCase, ["name"], 50)
    .optional()
    .describe(
      "Cases that decide whether the task is done. The model never sees them. Omitted, the result is SelfTested.",
    ),
  source: mapOf(sourceFile, ["path"], 50)
    .optional()
    .describe("Files that are there already, to be corrected or continued."),
  language: z.enum(TASK_LANGUAGES).default("typescript").describe("What it is written in."),
  model: dnsLabel()
    .optional()
    .describe("A model of the platform's table, by name. Omitted, the platform's usual one. Never an address."),
  maxIterations: z.int().min(1).max(10).default(3).describe("How often the agent may correct its own work."),
  limits: limits.default(LIMITS).describe("What it may take at most."),
  resources: resources.default(RESOURCES).describe("What its sandbox gets."),
  desiredState: z
    .enum(["Run", "Suspend", "Cancel"])
    .default("Run")
    .describe("Suspend keeps what is done and stops; Run goes on from there. Cancel ends it for good within 10 s."),
  ttlSecondsAfterFinished: count(31_536_000)
    .optional()
    .describe("How long it is kept after its end, in seconds. Omitted, until somebody deletes it."),
});

const isChangeable = (field: string) => CHANGEABLE.some((each) => each === field);

const fixed = z.array(fields.keyof()).parse(Object.keys(fields.shape).filter((field) => !isChangeable(field)));

const agentTaskSpec = transitions(immutable(fields, fixed), [
  {
    rule: "oldSelf.desiredState != 'Cancel' || self.desiredState == 'Cancel'",
    message: "spec.desiredState is Cancel, which is final; create a new AgentTask",
    field: "desiredState",
  },
]).describe("What you want. Fixed at creation, but for desiredState and ttlSecondsAfterFinished.");

export const AGENT_TASK = defineKind({
  kind: "AgentTask",
  plural: "agenttasks",
  scope: "Namespaced",
  shortNames: ["agt"],
  description:
    "An AgentTask is work for an autonomous coding agent, in a namespace of a Tenant: it runs as a Job, shows its progress, and is done when its acceptance cases passed.",
  columns: [
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Where it is in its life." },
    { name: "Stage", type: "string", jsonPath: ".status.stage", description: "The last stage that is complete." },
    { name: "Progress", type: "integer", jsonPath: ".status.progress", description: "Percent done." },
    {
      name: "Tests",
      type: "string",
      jsonPath: ".status.verification.tests",
      description: "Its own tests, passed/total.",
    },
    {
      name: "Tokens",
      type: "integer",
      jsonPath: ".status.usage.outputTokens",
      description: "Tokens that the model wrote for it.",
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since creation." },
    reasonOf("Progressing", "Work", "What it waits for, or does."),
    reasonOf("Succeeded", "Result", "Why it ended as it did."),
    reasonOf("Verified", "Verified", "What shows that it works."),
  ],
  spec: agentTaskSpec,
  status: agentTaskStatus,
  conditions: AGENT_TASK_CONDITIONS,
  nameRules: [
    {
      rule: "size(self.metadata.name) <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
      message:
        "metadata.name must be a DNS label of at most 63 characters, because pods carry it as a label; choose a name such as analytics-dashboard",
      test: (name) => isDnsLabel(name),
    },
  ],
  objectRules: [
    {
      rule: "!has(self.status) || !has(self.status.phase) || self.status.phase != 'Succeeded' || !has(self.spec.acceptance) || size(self.spec.acceptance) == 0 || (has(self.status.verification) && has(self.status.verification.acceptance) && self.status.verification.acceptance.passed == size(self.spec.acceptance))",
      message: "status.phase must not be Succeeded before every case of spec.acceptance has passed",
    },
  ],
});

/** A column for `kubectl get -o wide`. */
function reasonOf(condition: string, name: string, description: string): Column {
  const jsonPath = `.status.conditions[?(@.type=="${condition}")].reason`;
  return { name, type: "string", jsonPath, description, priority: 1 };
}

/** Where AgentTasks live in the API. */
export const AGENT_TASKS = {
  group: GROUP,
  version: VERSION,
  kind: AGENT_TASK.kind,
  plural: AGENT_TASK.plural,
  namespaced: true,
} as const;

export type AgentTaskSpec = z.output<typeof agentTaskSpec>;
export type AgentTaskStatus = z.output<typeof agentTaskStatus>;
export type AgentTask = KindObject<"AgentTask", AgentTaskSpec, AgentTaskStatus>;

/** Parses an AgentTask from outside: defaults applied; otherwise an error whose problems name path, fault and fix. */
export const parseAgentTask = parserOf(AGENT_TASK);
