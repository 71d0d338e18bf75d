import { API_VERSION } from "../names.ts";
import type { RuleCase } from "./tenant-cases.ts";

/** An AgentTask with the required fields and what is given on top. */
export function agentTaskObject(spec: object = {}, name = "schema-rule-case", status?: object): object {
  return {
    apiVersion: API_VERSION,
    kind: "AgentTask",
    metadata: { name, namespace: "default" },
    spec: { title: "Adds numbers", description: "A program that adds two numbers.", ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

const command = { name: "adds", command: "node add.ts 1 2", expect: { stdout: "3" } };
const http = { name: "answers", http: { method: "GET", path: "/sum?a=1&b=2" }, expect: { json: '{"sum":3}' } };

/** The rules of the spec; both judges go through them. */
export const AGENT_TASK_RULE_CASES: readonly RuleCase[] = [
  {
    id: "name-is-a-label",
    accepted: agentTaskObject({}, "a".repeat(63)),
    refused: agentTaskObject({}, "a.b"),
    message: "metadata.name must be a DNS label",
  },
  {
    id: "one-of-command-and-http",
    accepted: agentTaskObject({ acceptance: [command, http] }),
    refused: agentTaskObject({ acceptance: [{ name: "neither", expect: { stdout: "3" } }] }),
    message: "needs exactly one of command and http",
  },
  {
    id: "one-of-stdout-and-json",
    accepted: agentTaskObject({ acceptance: [{ ...command, expect: { json: "3" } }] }),
    refused: agentTaskObject({ acceptance: [{ ...command, expect: { stdout: "3", json: "3" } }] }),
    message: "needs exactly one of stdout and json",
  },
  {
    id: "a-commands-own",
    accepted: agentTaskObject({ acceptance: [{ ...command, stdin: "1 2", expect: { stdout: "3", exitCode: 1 } }] }),
    refused: agentTaskObject({ acceptance: [{ ...http, stdin: "1 2" }] }),
    message: "stdin and expect.exitCode are a command's",
  },
  {
    id: "an-answers-own",
    accepted: agentTaskObject({ acceptance: [{ ...http, expect: { json: "{}", status: 404 } }] }),
    refused: agentTaskObject({ acceptance: [{ ...command, expect: { stdout: "3", status: 404 } }] }),
    message: "expect.status is an HTTP answer's",
  },
];

const acceptance = (passed: number, failed: number) => ({
  verification: { acceptance: { total: passed + failed, passed, failed } },
});
const condition = (type: string) => ({
  conditions: [{ type, status: "True", lastTransitionTime: "2026-11-26T12:00:00Z", reason: "Test", message: "test" }],
});

/** What no status may say, each with a status that may be said in its place. */
export const AGENT_TASK_STATUS_CASES: readonly {
  id: string;
  spec?: object;
  accepted: object;
  refused: object;
  message: string;
}[] = [
  {
    id: "no-success-with-failed-acceptance",
    accepted: { phase: "Succeeded", ...acceptance(2, 0) },
    refused: { phase: "Succeeded", ...acceptance(1, 1) },
    message: "must not be Succeeded while an acceptance case has not passed",
  },
  {
    id: "nothing-verified-without-cases",
    accepted: { ...acceptance(1, 0), ...condition("Verified") },
    refused: { ...acceptance(0, 0), ...condition("Verified") },
    message: "condition Verified must not be True",
  },
  {
    id: "condition-and-phase-agree",
    accepted: { phase: "Succeeded", ...condition("Succeeded") },
    refused: { phase: "Failed", ...condition("Succeeded") },
    message: "condition Succeeded must not be True in another phase",
  },
  {
    id: "every-case-of-the-spec",
    spec: { acceptance: [command, http] },
    accepted: { phase: "Succeeded", ...acceptance(2, 0) },
    refused: { phase: "Succeeded", ...acceptance(1, 0) },
    message: "before every case of spec.acceptance has passed",
  },
];

/** What no status may become, from what it was. */
export const AGENT_TASK_TRANSITIONS: readonly {
  id: string;
  before: object;
  accepted: object;
  refused: object;
  message: string;
}[] = [
  {
    id: "progress-does-not-go-down",
    before: { attempt: 1, progress: 50 },
    accepted: { attempt: 2, progress: 0 },
    refused: { attempt: 1, progress: 49 },
    message: "status.progress must not go down",
  },
  {
    id: "attempt-does-not-go-down",
    before: { attempt: 2, progress: 0 },
    accepted: { attempt: 2, progress: 100 },
    refused: { attempt: 1, progress: 100 },
    message: "status.attempt must not go down",
  },
  {
    id: "an-end-is-final",
    before: { phase: "Failed" },
    accepted: { phase: "Failed", artifact: { collectedAt: "2026-11-26T12:00:00Z" } },
    refused: { phase: "Succeeded" },
    message: "status.phase is final",
  },
];
