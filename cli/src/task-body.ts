import { readFile } from "node:fs/promises";
import type { CreateTaskData } from "@leanvibe/client";
import { messageOf } from "@leanvibe/runtime";
import { parseDocument } from "yaml";
import { z } from "zod";

export type NewTask = {
  title?: string | undefined;
  description?: string | undefined;
  priority?: string | undefined;
  language?: string | undefined;
  model?: string | undefined;
  project?: string | undefined;
  /** JSON, or @FILE. */
  requirements?: string | undefined;
  /** A file with what POST /api/v1/tasks takes; what is said beside it goes before. */
  file?: string | undefined;
  /** A file with the cases that decide whether it is done. */
  acceptance?: string | undefined;
};

export type TaskBody = NonNullable<CreateTaskData["body"]>;

const named = z.object({
  title: z.string(),
  description: z.string(),
  priority: z.enum(["urgent", "high", "medium", "low"]).optional(),
  language: z.enum(["typescript", "python"]).optional(),
  model: z.string().optional(),
  project_id: z.string().optional(),
  requirements: z.record(z.string(), z.unknown()).optional(),
  source: z.array(z.unknown()).optional(),
  acceptance: z.array(z.unknown()).optional(),
  max_iterations: z.number().optional(),
  limits: z.record(z.string(), z.unknown()).optional(),
});

const body = z.strictObject(named.shape);
const mapping = z.record(z.string(), z.unknown());

/** What the API is asked for, of flags and files. @throws Error that names the flag or the field, and says what it must be */
export async function bodyOf(wanted: NewTask): Promise<TaskBody> {
  const { requirements, project, file, acceptance, ...plain } = wanted;
  const fromFile = file === undefined ? {} : mappingIn(await read("--file", file), file);
  const flags = defined({
    ...plain,
    project_id: project,
    requirements: requirements === undefined ? undefined : await requirementsIn(requirements),
    acceptance: acceptance === undefined ? undefined : casesIn(await read("--acceptance", acceptance), acceptance),
  });
  const all = withCases({ ...fromFile, ...flags });
  if (all["title"] === undefined) throw new Error("a task needs a title: give it one, or a --file that has one");
  const parsed = body.safeParse({ description: all["title"], ...all });
  // The API judges the rest.
  if (parsed.success) return JSON.parse(JSON.stringify(parsed.data));
  throw new Error(parsed.error.issues.map((issue) => toldOf(issue, flags, file)).join("; "));
}

const copied = z.looseObject({ expect: z.looseObject({ exitCode: z.unknown() }) });

/** Cases as an AgentTask has them are taken too: there what the API calls exit_code is exitCode. */
function withCases(all: Record<string, unknown>): Record<string, unknown> {
  const { acceptance } = all;
  if (!Array.isArray(acceptance)) return all;
  const cases = acceptance.map((each: unknown) => {
    const { data } = copied.safeParse(each);
    // Of one that says both the API says what is wrong.
    if (data === undefined || !("exitCode" in data.expect) || "exit_code" in data.expect) return each;
    const { exitCode, ...expect } = data.expect;
    return { ...data, expect: { ...expect, exit_code: exitCode } };
  });
  return { ...all, acceptance: cases };
}

function toldOf(issue: z.core.$ZodIssue, flags: Record<string, unknown>, file: string | undefined): string {
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.join(", ");
    return `${file}: there is no field ${names}; there are ${Object.keys(named.shape).join(", ")}`;
  }
  const [field = ""] = issue.path.map(String);
  return `${field in flags ? `--${field}` : `${file}: ${field}`}: ${issue.message}`;
}

function mappingIn(value: unknown, file: string): Record<string, unknown> {
  const { data } = mapping.safeParse(value);
  if (data === undefined) throw new Error(`--file: ${file} must hold fields such as title and description`);
  if (data["kind"] !== undefined || data["apiVersion"] !== undefined) {
    throw new Error(`--file: ${file} is an object of the cluster; kubectl apply -f ${file} makes it`);
  }
  return data;
}

function casesIn(value: unknown, file: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(
    `--acceptance: ${file} must hold a list of cases such as [{"name": "adds", "command": "node main.ts 1 2", "expect": {"stdout": "3"}}]`,
  );
}

/** YAML, of which JSON is a part. */
async function read(flag: string, file: string): Promise<unknown> {
  const document = parseDocument(await textOf(flag, file));
  const [fault] = document.errors;
  if (fault !== undefined) throw new Error(`${flag}: ${file} is neither YAML nor JSON: ${fault.message}`);
  try {
    return document.toJS();
  } catch (error) {
    // Such as an alias of nothing, or of too much.
    throw new Error(
      `${flag}: ${file} cannot be read: ${messageOf(error)}; write out what its aliases (*NAME) stand for`,
    );
  }
}

async function textOf(flag: string, file: string): Promise<string> {
  return await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error(`${flag}: there is no file ${file} that can be read; give the path of one (${messageOf(error)})`);
  });
}

async function requirementsIn(text: string): Promise<unknown> {
  const json = text.startsWith("@") ? await textOf("--requirements", text.slice(1)) : text;
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(`--requirements: ${text} is no JSON; for example '{"features":["export"]}' or @requirements.json`);
  }
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
