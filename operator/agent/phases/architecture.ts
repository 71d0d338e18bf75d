import { workspacePath } from "@leanvibe/schema";
import { z } from "zod";
import { type Asking, ask } from "../answers/ask.ts";
import { type Read, readJson } from "../answers/json.ts";
import type { Kind, Language } from "../languages/language.ts";
import { packagesText } from "../languages/packages.ts";
import { criteriaText, sectionsOf, shown, taskText, type Work } from "./work.ts";

export const architecture = z.object({
  files: z
    .array(z.object({ path: workspacePath(), purpose: z.string() }))
    .min(1)
    .max(12),
  notes: z.string().default(""),
});

export type Architecture = z.output<typeof architecture>;

const ENTRY: Readonly<Record<Language["name"], Readonly<Record<Kind, string>>>> = {
  typescript: { service: "src/app.ts", program: "src/main.ts", library: "src/index.ts" },
  python: { service: "app.py", program: "main.py", library: "library.py" },
};

/** Which files there will be and what each is for. */
export async function design(asking: Asking, work: Work): Promise<Architecture> {
  const { language, kind } = work;
  const entry = ENTRY[language.name][kind];
  const found = await ask(asking, {
    step: "architecture_design",
    prompt: {
      system: `You are a senior ${language.title} developer who plans the files of a small ${kind}. You answer with JSON only.`,
      sections: sectionsOf(
        { title: "Task", text: taskText(work), keep: true },
        { title: "It is done when", text: criteriaText(work) },
        { title: "Existing files", text: shown(work.code) },
        { title: "Rules", text: `${language.codeRules(kind)}\n- ${packagesText(language.name, kind)}` },
      ),
      ask: `Plan as few files as possible, at most 4, without tests and settings. Answer with exactly this JSON:
{"files": [{"path": "${entry}", "purpose": "one short sentence"}], "notes": "one short sentence"}`,
    },
    answerTokens: 600,
    read: (text) => planned(work, readJson(text, architecture)),
  });
  if (found !== undefined) return found;
  asking.steps.note("architecture_design", "completed", `no usable plan came; all goes into ${entry}`);
  return { files: [{ path: entry, purpose: work.task.title }], notes: "" };
}

/** Only code: tests, settings and documents have phases of their own. */
function planned(work: Work, read: Read<Architecture>): Read<Architecture> {
  if (!read.ok) return read;
  const { language, kind, code } = work;
  const files = read.value.files.filter(({ path }) => language.isCode(path));
  const entry = ENTRY[language.name][kind];
  const [only, ...others] = files;
  if (only === undefined) return { ok: false, error: `no ${language.title} file is planned` };
  // Existing code has its own order, and so has a task that says where its code goes. A program is called by its file's name.
  const isOpen =
    kind !== "program" &&
    code.length === 0 &&
    !files.some(({ path }) => path === entry || taskText(work).includes(path));
  if (!isOpen) return { ...read, value: { ...read.value, files } };
  // Who uses it, and judges it, finds it where all of its kind are.
  if (others.length === 0) return { ...read, value: { ...read.value, files: [{ ...only, path: entry }] } };
  return { ok: false, error: `${entry} is missing from files` };
}
