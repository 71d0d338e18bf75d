import type { SourceFile, TaskInput } from "@leanvibe/schema";
import type { Example, Kind, Language } from "../languages/language.ts";
import type { Analysis } from "./analysis.ts";
import type { Architecture } from "./architecture.ts";
import { withExports, withImports } from "./imports.ts";

/** Which phases a task goes through, and what it is held to. */
export type Profile = {
  name: "project" | "function";
  /** Percent of lines that the tests must reach; undefined where a correct answer is worth more than a covered one. */
  coverageBar: number | undefined;
};

export const PROFILES: Readonly<Record<Profile["name"], Profile>> = {
  /** All phases, for whatever a tenant asks. */
  project: { name: "project", coverageBar: 90 },
  /** One function in one file: analysis, code, tests, validation. */
  function: { name: "function", coverageBar: undefined },
};

/** What the phases hand to each other. */
export type Work = {
  task: TaskInput;
  profile: Profile;
  kind: Kind;
  language: Language;
  analysis: Analysis | undefined;
  architecture: Architecture | undefined;
  code: SourceFile[];
  tests: SourceFile[];
  documentation: SourceFile[];
  /** Of a single function: which call gives what, as the model expects it. Their tests are made of them. */
  cases: Example[];
  /** Calls that were cases, and tests by name, until it was found that the model knew no better than its code. */
  refuted: string[];
};

/** All of a project was written here: none of it came with the task. */
export function isOwn({ profile, task }: Work): boolean {
  return profile.name === "project" && task.source.length === 0;
}

/** The whole workspace: the agent's own files last, so that no generated one takes their place. */
export function workspaceOf({ code, tests, documentation, language, kind, profile }: Work): SourceFile[] {
  const scaffold = profile.name === "function" && language.name === "python" ? [] : language.scaffold(kind);
  return [...merged([...code, ...tests, ...documentation], scaffold)];
}

/** `files` with `changed` in place of what has the same path. */
export function merged(files: readonly SourceFile[], changed: readonly SourceFile[]): SourceFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  for (const file of changed) byPath.set(file.path, file);
  return [...byPath.values()];
}

/** Settings of the tools that judge the code: the code has no say in them. */
const SETTINGS =
  /^(package(-lock)?\.json|tsconfig[^/]*\.json|start\.(ts|py)|pyproject\.toml|setup\.(py|cfg)|tox\.ini|pytest\.ini|sitecustomize\.py|usercustomize\.py|tests\/(test_(example|case)s\.py|(example|case)s\.test\.ts))$/;

/** Of what a model wrote, what it may write; the rest by path, for the step log. */
export function permitted(
  { language }: Pick<Work, "language">,
  files: readonly SourceFile[],
): { code: SourceFile[]; tests: SourceFile[]; refused: string[] } {
  // Where it stands in the end decides: under another name it could come to stand in the place of a file of the agent's.
  const placed = files.map((file) =>
    language.isTest(file.path) ? whereItsImportsLead(namedAsTest(withImports(file))) : withExports(withImports(file)),
  );
  const own = placed.filter(({ path }) => !SETTINGS.test(path));
  return {
    code: own.filter(({ path }) => !language.isTest(path)),
    tests: own.filter(({ path }) => language.isTest(path)),
    refused: placed.filter(({ path }) => SETTINGS.test(path)).map(({ path }) => path),
  };
}

/** Runners look at names: tests in a file that is called otherwise would never run. */
function namedAsTest({ path, content }: SourceFile): SourceFile {
  const [, folder = "", name = "", ending] = /^(tests\/(?:.*\/)?)([^/]+)\.(ts|py)$/.exec(path) ?? [];
  if (ending === "ts" && !name.endsWith(".test") && /^(test|describe|it)\(/m.test(content)) {
    return { path: `${folder}${name.replace(/\.spec$/, "")}.test.ts`, content };
  }
  if (ending === "py" && !name.startsWith("test_") && /^\s*(async )?def test_/m.test(content)) {
    return { path: `${folder}test_${name.replace(/_test$/, "")}.py`, content };
  }
  return { path, content };
}

/** A small model sorts its tests into folders, and imports as if it had not: `../src/` is beside `tests/`, not below it. */
function whereItsImportsLead(file: SourceFile): SourceFile {
  const [, name] = /^tests\/(?:[^/]+\/)+([^/]+\.test\.ts)$/.exec(file.path) ?? [];
  const isMeant = /from\s+["']\.\.\/src\//.test(file.content);
  return name === undefined || !isMeant ? file : { ...file, path: `tests/${name}` };
}

/** Files as a prompt shows them, in the form in which they are asked for. */
export function shown(files: readonly SourceFile[]): string {
  return files.map(({ path, content }) => `FILE: ${path}\n\`\`\`\n${content.trimEnd()}\n\`\`\``).join("\n\n");
}

/** What the task says of itself. Its acceptance cases are never among it. */
export function taskText({ task }: Work): string {
  const requirements =
    Object.keys(task.requirements).length === 0 ? "" : `\nRequirements: ${JSON.stringify(task.requirements)}`;
  return `${task.title}\n${task.description}${requirements}`;
}

export function criteriaText({ analysis }: Work): string {
  return Object.entries(analysis?.criteria ?? {})
    .map(([key, criterion]) => `- ${key}: ${criterion}`)
    .join("\n");
}

/** Sections without those that say nothing. */
export function sectionsOf(
  ...sections: readonly { title: string; text: string; keep?: boolean }[]
): { title: string; text: string; keep?: boolean }[] {
  return sections.filter(({ text }) => text.trim() !== "");
}
