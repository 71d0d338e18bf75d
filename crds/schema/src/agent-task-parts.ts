import { z } from "zod";
import { count, lineOfText, prose } from "./atoms.ts";
import type { Rule } from "./rules.ts";
import { rules } from "./rules.ts";

/** The parts of an AgentTask that the agent is given as they are. */

const TEXT_MAX = 8_192;
const SOURCE_MAX = 65_536;
const PATH = /^[A-Za-z0-9_@][A-Za-z0-9._@+-]*(\/[A-Za-z0-9_@][A-Za-z0-9._@+-]*)*$/;

/** A file's path inside the workspace. No segment begins with a dot: neither `..` nor a hidden settings file. */
export function workspacePath() {
  return z
    .string()
    .min(1)
    .max(200)
    .regex(PATH, "must be a path inside the workspace such as src/report.ts, without hidden files or ..");
}

export const sourceFile = z.object({
  path: workspacePath().describe("Where it stands in the workspace, such as src/report.ts."),
  content: prose(SOURCE_MAX).describe("Its text."),
});

export type SourceFile = z.output<typeof sourceFile>;

const http = z.object({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).describe("Method of the request."),
  path: z
    .string()
    .min(1)
    .max(2_000)
    .regex(/^\/[!-~]*$/, "must be a path such as /health?full=1")
    .describe("Path and query, such as /health."),
  body: prose(TEXT_MAX).optional().describe("Body, as JSON."),
});

const expectation = z.object({
  exitCode: count(255).optional().describe("What the command ends with; 0 where it is left out."),
  status: z.int().min(100).max(599).optional().describe("HTTP status of the answer; 200 where it is left out."),
  stdout: prose(TEXT_MAX)
    .optional()
    .describe("What the command prints or the answer's body is, apart from blanks and line ends at its end."),
  json: prose(TEXT_MAX)
    .optional()
    .describe("The same as JSON: the order of keys, blanks and the writing of numbers make no difference."),
});

interface Case {
  command?: string | undefined;
  stdin?: string | undefined;
  http?: unknown;
  expect: {
    exitCode?: number | undefined;
    status?: number | undefined;
    stdout?: string | undefined;
    json?: string | undefined;
  };
}

const caseRules: readonly Rule<Case>[] = [
  {
    rule: "has(self.command) != has(self.http)",
    message:
      "spec.acceptance[] needs exactly one of command and http; write the one that shows whether the task is done",
    test: ({ command, http: request }) => (command === undefined) !== (request === undefined),
  },
  {
    rule: "has(self.expect.stdout) != has(self.expect.json)",
    message: "spec.acceptance[].expect needs exactly one of stdout and json; write what must come out",
    test: ({ expect }) => (expect.stdout === undefined) !== (expect.json === undefined),
  },
  {
    rule: "has(self.command) || (!has(self.stdin) && !has(self.expect.exitCode))",
    message: "spec.acceptance[].stdin and expect.exitCode are a command's; with http write http.body and expect.status",
    test: ({ command, stdin, expect }) =>
      command !== undefined || (stdin === undefined && expect.exitCode === undefined),
  },
  {
    rule: "has(self.http) || !has(self.expect.status)",
    message: "spec.acceptance[].expect.status is an HTTP answer's; with a command write expect.exitCode",
    test: ({ http: request, expect }) => request !== undefined || expect.status === undefined,
  },
];

export const acceptanceCase = rules(
  z.object({
    name: lineOfText(100).describe("What it shows, for people: adds two numbers."),
    command: lineOfText(2_000)
      .optional()
      .describe("Program and arguments, run in the workspace without a shell, such as node src/main.ts 1 2."),
    stdin: prose(TEXT_MAX).optional().describe("What the command reads."),
    http: http.optional().describe("A request to the service that the task makes."),
    expect: expectation.describe("What must come of it."),
  }),
  caseRules,
);

export type AcceptanceCase = z.output<typeof acceptanceCase>;
