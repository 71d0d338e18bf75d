import type { SourceFile } from "@leanvibe/schema";
import { type Asking, ask } from "../answers/ask.ts";
import type { Measured } from "../quality.ts";
import type { RunResult, Sandbox, ServiceResult } from "../sandbox/index.ts";
import { examplesOf, isNamed, type ReadmeExample, readmeOf, without } from "./readme.ts";
import { merged, sectionsOf, shown, taskText, type Work, workspaceOf } from "./work.ts";

const BOUNDS = { timeoutMilliseconds: 20_000, outputBytes: 16 * 1024, readOnly: true } as const;

type Failure = { example: ReadmeExample; why: string };

/**
 * A README that names every exported symbol and every route, and whose examples were run. What the model leaves out is
 * added as a reference; an example that fails twice is taken out, because nobody should copy it.
 */
export async function documentWork(
  asking: Asking,
  sandbox: Sandbox,
  work: Work,
): Promise<{ files: SourceFile[]; measured: Pick<Measured, "documented" | "examples"> }> {
  const names = namesOf(work);
  let readme = await written(asking, work, names, "");
  let failures = await failing(sandbox, work, readme);
  if (failures.length > 0) {
    readme = await written(asking, work, names, failures.map(told).join("\n\n"));
    failures = await failing(sandbox, work, readme);
  }
  const total = examplesOf(readme, work.language).length;
  for (const failure of failures) asking.steps.note("documentation_examples", "failed", `taken out: ${told(failure)}`);
  const kept = without(
    readme,
    failures.map(({ example }) => example),
  );
  const missing = names.filter((name) => !isNamed(kept, name));
  if (missing.length > 0) asking.steps.note("documentation", "completed", `added by the agent: ${missing.join(", ")}`);
  const whole =
    missing.length === 0
      ? kept
      : `${kept.trimEnd()}\n\n## Reference\n\n${missing.map((name) => `- \`${name}\``).join("\n")}\n`;
  const deployment = work.language.deployment(work.kind);
  if (deployment.length > 0) {
    asking.steps.note("deployment_preparation", "completed", deployment.map(({ path }) => path).join(", "));
  }
  return {
    files: [{ path: "README.md", content: whole }],
    measured: {
      // As the model wrote it: a list that the agent adds is no merit of the documentation.
      ...(names.length === 0 ? {} : { documented: { total: names.length, named: names.length - missing.length } }),
      ...examplesMeasured(total, failures.length, names.length > 0),
    },
  };
}

/** Where there is something to use, no example of it is no better than one that fails. */
function examplesMeasured(total: number, failed: number, isToBeUsed: boolean): Pick<Measured, "examples"> {
  if (total > 0) return { examples: { total, passed: total - failed } };
  return isToBeUsed ? { examples: { total: 1, passed: 0 } } : {};
}

function namesOf({ language, code }: Work): string[] {
  const routes = language.routes(code).map(({ path }) => path);
  return [...new Set([...language.symbols(code), ...routes])].filter((name) => name !== "/");
}

/** The model's README, also when it leaves names out; one line of its own when nothing came. */
async function written(asking: Asking, work: Work, names: readonly string[], failures: string): Promise<string> {
  let last = "";
  const found = await ask(asking, {
    step: "documentation_generation",
    prompt: promptOf(work, names, failures),
    answerTokens: 2_500,
    read: (text) => {
      last = readmeOf(text);
      const missing = names.filter((name) => !isNamed(last, name));
      if (missing.length === 0) return { ok: true, value: last, repaired: false };
      return { ok: false, error: `the README does not name ${missing.slice(0, 20).join(", ")}` };
    },
  });
  if (found !== undefined) return found;
  return last.trim() === "" ? `# ${work.task.title}\n\n${work.task.description}\n` : last;
}

function promptOf(work: Work, names: readonly string[], failures: string) {
  const { language, kind } = work;
  const requests =
    kind === "service"
      ? "Show requests in blocks that begin with ```http: the first line is METHOD /path, then headers, an empty line, the body."
      : `Show one short example in a block that begins with \`\`\`${language.fence}: a whole file that imports from the code as the tests do, without "../".`;
  return {
    system: "You write short, exact README files in Markdown. You answer with the README and nothing else.",
    sections: sectionsOf(
      { title: "Task", text: taskText(work), keep: true },
      { title: "Code", text: shown(work.code.filter(({ path }) => language.isCode(path))) },
      { title: "These examples of your last README failed; correct them or leave them out", text: failures },
    ),
    ask: `Write README.md: what it does, how to use it, and a section that names and explains each of: ${names.join(", ")}. ${requests}`,
  };
}

async function failing(sandbox: Sandbox, work: Work, readme: string): Promise<Failure[]> {
  const examples = examplesOf(readme, work.language).slice(0, 20);
  if (examples.length === 0) return [];
  const own = examples.flatMap((example) => ("file" in example ? [example.file] : []));
  await sandbox.put(merged(workspaceOf({ ...work, documentation: [] }), own));
  const failures: Failure[] = [];
  for (const example of examples) {
    const why = await faultOf(sandbox, work, example);
    if (why !== undefined) failures.push({ example, why });
  }
  return failures;
}

async function faultOf(
  sandbox: Sandbox,
  { language, kind }: Work,
  example: ReadmeExample,
): Promise<string | undefined> {
  if ("file" in example) {
    return faultOfRun(await sandbox.run({ argv: [...language.runFile(example.file.path)], ...BOUNDS }));
  }
  if (kind !== "service") return "there is no service to ask";
  const { results } = await sandbox.serve({ argv: [...language.start], ...BOUNDS }, [example.call]);
  return faultOfAnswer(results[0]);
}

function faultOfRun({ exitCode, timedOut, stderr }: RunResult): string | undefined {
  if (exitCode === 0) return undefined;
  return timedOut ? "it did not end" : stderr.trim().slice(-500);
}

/** A README may show a refusal, but no route that is not there and no crash. */
function faultOfAnswer(answer: ServiceResult | undefined): string | undefined {
  if (answer === undefined || "error" in answer) return "the service did not answer";
  return answer.status === 404 || answer.status >= 500 ? `the answer was ${answer.status}` : undefined;
}

function told({ example, why }: Failure): string {
  return `${example.source.trim()}\n--> ${why}`;
}
