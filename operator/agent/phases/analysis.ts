import { z } from "zod";
import { type Asking, ask } from "../answers/ask.ts";
import { type Read, readJson } from "../answers/json.ts";
import { sectionsOf, shown, taskText, type Work } from "./work.ts";

/** Models write a list where a sentence is asked for, a sentence where a list is, and leave out what they do not know. */
const sentence = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === "string" ? value : JSON.stringify(value ?? "")));
const sentences = z
  .unknown()
  .optional()
  .transform((value) => (Array.isArray(value) ? value : [value]).filter((item) => item !== undefined && item !== null))
  .transform((items) => items.map((item: unknown) => (typeof item === "string" ? item : JSON.stringify(item))));

const answered = z.object({
  problem: sentence,
  users: sentence,
  components: sentences,
  risks: sentences,
  criteria: z.record(z.string(), sentence).default({}),
});

export const analysis = z.object({
  business_requirements: z.record(z.string(), z.string()),
  technical_requirements: z.record(z.string(), z.string()),
  implementation_plan: z.object({ components: z.array(z.string()) }),
  risk_assessment: z.object({ level: z.string(), risks: z.array(z.string()) }),
  /** For each key of the task's requirements: by what one sees that it is met. */
  criteria: z.record(z.string(), z.string()),
});

export type Analysis = z.output<typeof analysis>;

const ANSWER_TOKENS = { project: 900, function: 250 } as const;

/** What is asked for, and how one sees that each requirement is met. */
export async function analyse(asking: Asking, work: Work): Promise<Analysis> {
  const keys = Object.keys(work.task.requirements);
  let raw = "";
  const found = await ask(asking, {
    step: "task_analysis",
    prompt: {
      system: "You are a senior developer who analyses a task before anybody writes code. You answer with JSON only.",
      // Of a task about code that is there, nobody says what is wrong with it without having seen it.
      sections: sectionsOf(
        { title: "Existing files", text: shown([...work.code, ...work.tests]) },
        { title: "Task", text: taskText(work), keep: true },
      ),
      ask: `Answer with exactly this JSON, each text one short sentence:\n${skeleton(keys)}`,
    },
    answerTokens: ANSWER_TOKENS[work.profile.name],
    read: (text) => {
      raw = text;
      return naming(keys, readJson(text, answered));
    },
  });
  if (found === undefined) {
    asking.steps.note("task_analysis", "completed", "no usable analysis came; the fallback structure is used");
    return fallback(work, raw);
  }
  const { problem, users, components, risks, criteria } = found;
  return {
    business_requirements: { problem, users },
    technical_requirements: { framework: frameworkOf(work), language: work.language.title },
    implementation_plan: { components },
    risk_assessment: { level: risks.length > 3 ? "high" : "medium", risks },
    // What nobody asked for is not required.
    criteria: Object.fromEntries(keys.map((key) => [key, criteria[key] ?? ""])),
  };
}

function skeleton(keys: readonly string[]): string {
  const criteria = keys.map((key) => `${JSON.stringify(key)}: "how one sees that it is met"`).join(", ");
  return `{"problem": "...", "users": "...", "components": ["..."], "risks": ["..."], "criteria": {${criteria}}}`;
}

/** A requirement that the analysis passes over would be passed over by all that follows. */
function naming<T extends { criteria: Record<string, string> }>(keys: readonly string[], read: Read<T>): Read<T> {
  if (!read.ok) return read;
  const missing = keys.filter((key) => !read.value.criteria[key]?.trim());
  if (missing.length === 0) return read;
  return { ok: false, error: `criteria lacks ${missing.map((key) => JSON.stringify(key)).join(", ")}` };
}

/** The structure that stands in for an analysis: every requirement as it was written is its own criterion. */
function fallback(work: Work, raw: string): Analysis {
  return {
    business_requirements: { raw_analysis: raw.slice(0, 2_000) },
    technical_requirements: { framework: frameworkOf(work), language: work.language.title },
    implementation_plan: { components: [] },
    risk_assessment: { level: "medium", risks: [] },
    criteria: Object.fromEntries(
      Object.entries(work.task.requirements).map(([key, value]) => [
        key,
        `is met as written: ${JSON.stringify(value)}`,
      ]),
    ),
  };
}

function frameworkOf({ kind, language }: Work): string {
  if (kind !== "service") return "none";
  return language.name === "typescript" ? "fastify" : "fastapi";
}
