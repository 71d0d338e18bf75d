import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import { FILE_FORMAT, ONE_FILE_FORMAT, readFiles } from "../answers/files.ts";
import type { Read } from "../answers/json.ts";
import type { Kind } from "../languages/language.ts";
import { packagesText } from "../languages/packages.ts";
import { criteriaText, isOwn, permitted, sectionsOf, shown, taskText, type Work } from "./work.ts";

const ANSWER_TOKENS = { project: 6_000, function: 900 } as const;

/** The first version of the code. Nothing comes of an answer without files: validation says what is missing then. */
export function generateCode(asking: Asking, work: Work): Promise<SourceFile[]> {
  return written(asking, work, { step: "code_generation", temperature: 0 });
}

/** The same asked anew, of which something else should come for each seed: not the likeliest answer. */
export function anotherCode(asking: Asking, work: Work, seed: number): Promise<SourceFile[]> {
  return written(asking, work, { step: `another_implementation-${seed}`, temperature: 0.7, seed });
}

async function written(
  asking: Asking,
  work: Work,
  how: { step: string; temperature: number; seed?: number },
): Promise<SourceFile[]> {
  const found = await ask(asking, {
    ...how,
    prompt: work.profile.name === "function" ? functionPrompt(work) : projectPrompt(work),
    answerTokens: ANSWER_TOKENS[work.profile.name],
    read: (text) => codeOnly(work, readFiles(text, onlyFile(work))),
  });
  if (found === undefined) asking.steps.note(how.step, "failed", "no usable files came");
  return found ?? [];
}

/** Where the task wants tests too, a small model writes some into a library all the same, and wrong ones fail whoever imports it. */
const ONE_FILE_ASKED: Readonly<Record<Kind, string>> = {
  library:
    "Write the code of this library, one file without tests: they come later. Nothing in it is called or asserted when it is imported.",
  program: "Write the one file of this program completely, without tests and explanations.",
  service: "Write the one file of this service completely, without tests and explanations.",
};

function projectPrompt(work: Work) {
  const { language, kind, architecture } = work;
  const plan = (onlyFile(work) === undefined ? (architecture?.files ?? []) : [])
    .map(({ path, purpose }) => `- ${path}: ${purpose}`)
    .join("\n");
  return {
    system: `You are a senior ${language.title} developer. You write complete, working code and nothing else.`,
    sections: sectionsOf(
      { title: "Task", text: taskText(work), keep: true },
      { title: "It is done when", text: criteriaText(work) },
      { title: "Existing files", text: shown(work.code) },
      { title: "Files to write", text: plan, keep: true },
      {
        title: "Rules",
        text: `${language.codeRules(kind, onlyFile(work) !== undefined)}\n- ${packagesText(language.name, kind)}`,
        keep: true,
      },
    ),
    ask:
      onlyFile(work) === undefined
        ? `Write every file completely. No tests, no settings, no explanations. ${FILE_FORMAT}`
        : `${ONE_FILE_ASKED[kind]} ${ONE_FILE_FORMAT}`,
  };
}

function functionPrompt(work: Work) {
  const { language, task } = work;
  // In the fewest words, and without a word on who it is: whatever more a small model is told, it thinks less of the task.
  return {
    sections: [
      {
        title: "",
        text: `Complete this ${language.title} function. Answer with the whole code in one fenced block.`,
        keep: true,
      },
    ],
    ask: `\`\`\`${language.fence}\n${task.description.replace(/\n?$/, "\n")}\`\`\``,
  };
}

function onlyFile({ profile, language, architecture, code }: Work): string | undefined {
  if (profile.name === "function") return language.single;
  const planned = architecture?.files ?? [];
  return planned.length === 1 && code.length === 0 ? planned[0]?.path : undefined;
}

/** One file that was to be there and came under another name: it is looked for where it was planned. */
function placed(work: Work, code: SourceFile[]): SourceFile[] {
  const path = onlyFile(work);
  const [one, ...others] = code;
  return path === undefined || one === undefined || others.length > 0 ? code : [{ ...one, path }];
}

/** Of a library, which nobody runs: what a program does with its tests when it is started is its own. */
function untested(work: Work, code: SourceFile[]): SourceFile[] {
  if (work.kind !== "library" || !isOwn(work)) return code;
  return code.map((file) => ({ ...file, content: work.language.withoutOwnTests(file.content, taskText(work)) }));
}

function codeOnly(work: Work, read: Read<SourceFile[]>): Read<SourceFile[]> {
  if (!read.ok) return read;
  const { code } = permitted(work, read.value);
  if (code.length === 0) return { ok: false, error: "there is no file of code in the answer" };
  if (work.profile.name !== "function") return { ...read, value: placed(work, untested(work, code)) };
  // One function is one file, whatever the model calls it.
  const { language, task } = work;
  const [{ content } = { content: "" }] = code;
  const value = [{ path: language.single, content }];
  if (!language.symbols(value).includes(task.title)) return { ok: false, error: `it does not define ${task.title}` };
  return { ...read, value };
}
