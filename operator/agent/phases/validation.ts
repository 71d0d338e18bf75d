import type { SourceFile } from "@leanvibe/schema";
import { type AcceptanceVerdict, judgeAcceptance } from "../acceptance.ts";
import { heldBy } from "../languages/examples.ts";
import type { Kind, Language, TestReport } from "../languages/language.ts";
import { packagesText } from "../languages/packages.ts";
import type { Measured } from "../quality.ts";
import type { RunResult, Sandbox } from "../sandbox/index.ts";
import type { Steps } from "../steps.ts";
import { type Work, workspaceOf } from "./work.ts";

/** What kind of fault: it decides the reason that a task ends with, and how the next correction is asked for. */
export type FindingKind =
  | "missing"
  | "package"
  | "check"
  | "memory"
  | "tests"
  | "examples"
  | "coverage"
  | "acceptance"
  | "quality";

export type Finding = {
  kind: FindingKind;
  text: string;
  /** Where the fault stands, where that can be seen: it is to be corrected there and nowhere else. */
  within?: "code" | "tests";
  /** Where it shows, although either may be wrong. */
  shows?: "tests";
};

export type Verdict = {
  findings: Finding[];
  /** The tests where they were put right to be run. */
  tests?: SourceFile[];
  measured: Measured;
  /** The tests that failed. */
  failures: TestReport["failures"];
  /** What the linter says; of code that has greater faults it is not asked. */
  lint?: string;
};

const OUTPUT_CHARACTERS = 3_000;
const LINT_CHARACTERS = 1_000;
const FAILURES_SHOWN = 5;
const REPORT_BYTES = 1024 * 1024;

/**
 * Runs all that can be run. What makes the rest pointless ends it early, so that a correction hears of one thing at a
 * time: a package that is not there, then what does not compile, then tests, then cases that the code never saw.
 */
export async function validate(sandbox: Sandbox, steps: Steps, work: Work): Promise<Verdict> {
  const ended = steps.timed("code_validation");
  const verdict = await examined(sandbox, work);
  const text = verdict.findings.map((finding) => `${finding.kind}: ${finding.text}`).join("\n\n");
  ended(text === "" ? "completed" : "failed", `${JSON.stringify(verdict.measured)}\n${text}`);
  return verdict;
}

async function examined(sandbox: Sandbox, work: Work): Promise<Verdict> {
  const { language, kind, profile, task } = work;
  const files = workspaceOf(work);
  const before = staticFindings(work, files);
  if (before.length > 0) return { findings: before, measured: {}, failures: [] };
  await sandbox.put(files);
  const check = await sandbox.run(language.check(files));
  if (check.exitCode !== 0) return uncompiled(sandbox, work, check);
  const lint = profile.name === "function" ? undefined : await sandbox.run(language.lint(files));
  const { report, run } = await runTests(sandbox, work, files);
  const measured: Measured = {
    checked: true,
    ...(lint === undefined
      ? {}
      : { lintFindings: lint.exitCode === 0 ? 0 : Math.max(1, lint.stdout.trim().split("\n").length) }),
    tests: { total: report.total, passed: report.passed, failed: report.failed },
    ...(report.coverage === undefined ? {} : { coverage: report.coverage }),
  };
  const findings = run.endedBy === "memory" ? [memoryFinding(run)] : testFindings(work, report);
  const said = lint === undefined || lint.exitCode === 0 ? undefined : outputOf(lint).slice(0, LINT_CHARACTERS);
  if (said !== undefined && findings.length > 0) findings.push({ kind: "quality", text: lintText(said) });
  const rest = { failures: report.failures, ...(said === undefined ? {} : { lint: said }) };
  if (task.acceptance.length === 0) return { findings, measured, ...rest };
  const judged = await judgeAcceptance(sandbox, files, task.acceptance, language.start);
  const { kinds: _kinds, ...acceptance } = judged;
  return { findings: withAcceptance(findings, kind, judged), measured: { ...measured, acceptance }, ...rest };
}

/** Tests that throw wrong types at the code on purpose are put right and all is run once more; else the compiler's word stands. */
async function uncompiled(sandbox: Sandbox, work: Work, check: RunResult): Promise<Verdict> {
  const tests = work.language.expectingErrors(check.stdout, work.tests);
  if (tests.some(({ content }, index) => content !== work.tests[index]?.content)) {
    return { tests, ...(await examined(sandbox, { ...work, tests })) };
  }
  return { findings: [checkFinding(work, check)], measured: { checked: false }, failures: [] };
}

/** What failed of the hidden cases, without saying what they are; and what it says of the model's tests that none did. */
function withAcceptance(
  findings: readonly Finding[],
  kind: Kind,
  { total, failed, kinds }: AcceptanceVerdict,
): Finding[] {
  if (kinds.length === 0) return findings.map(accepted);
  const text = `Of ${total} hidden acceptance cases of this ${kind} ${failed.length} fail: ${kinds.join(", ")}. Read the task again and find what the code does otherwise.`;
  return [...findings, { kind: "acceptance", text }];
}

/** The user's own cases are true, and the model's tests are what it believes. */
function accepted(finding: Finding): Finding {
  const told = "All hidden acceptance cases of the task pass.";
  return finding.kind === "tests" && finding.within === undefined
    ? { ...finding, text: `${finding.text}\n${told}` }
    : finding;
}

export function lintText(said: string): string {
  return `The linter says:\n${said}`;
}

function staticFindings({ language, kind, profile, code, tests }: Work, files: readonly SourceFile[]): Finding[] {
  if (code.every(({ path }) => !language.isCode(path))) return [{ kind: "missing", text: "There is no code yet." }];
  const foreign = [
    ...foreignFinding(language, [...code, ...tests], "code"),
    ...foreignFinding(language, [...code, ...tests], "tests"),
  ];
  if (foreign.length > 0) return foreign;
  if (profile.name === "function") return [];
  return language.inspect(files, kind).map((text) => ({ kind: "missing", text }));
}

/** Imports of what is not installed, by the file in which they stand, and what there is in their place. */
function foreignFinding(language: Language, files: readonly SourceFile[], within: "code" | "tests"): Finding[] {
  const foreign = new Set(language.foreignImports(files));
  const own = files.filter(({ path }) => language.isTest(path) === (within === "tests"));
  const imports = own.flatMap((file) => {
    const names = language.foreignImports([file]).filter((name) => foreign.has(name));
    return names.length === 0 ? [] : [`${names.join(", ")} (${file.path})`];
  });
  if (imports.length === 0) return [];
  const text = `These packages are imported and are not installed: ${imports.join("; ")}. Do without them. ${packagesText(language.name)}`;
  return [{ kind: "package", text, within }];
}

/** What passed by then says nothing about the rest. */
function memoryFinding(run: RunResult): Finding {
  return { kind: "memory", text: `The tests were not run to their end.\n${outputOf(run)}\nUse less memory.` };
}

function checkFinding({ language }: Work, check: RunResult): Finding {
  if (check.endedBy === "memory") return memoryFinding(check);
  const text = `${language.title} does not compile:\n${outputOf(check)}`;
  const places = language.places(`${check.stdout}\n${check.stderr}`);
  if (places.length === 0 || !places.every(({ path }) => language.isTest(path))) return { kind: "check", text };
  return { kind: "check", text, ...(places.every(({ own }) => own) ? { within: "tests" } : { shows: "tests" }) };
}

async function runTests(
  sandbox: Sandbox,
  { language }: Work,
  files: readonly SourceFile[],
): Promise<{ report: TestReport; run: RunResult }> {
  let first: RunResult | undefined;
  for (const command of language.tests.commands(files)) {
    const run = await sandbox.run(command);
    first ??= run;
  }
  const reports = await sandbox.get(language.tests.reports, REPORT_BYTES);
  const empty: RunResult = {
    exitCode: 1,
    signal: null,
    timedOut: false,
    stdout: "",
    stderr: "",
    truncated: false,
    milliseconds: 0,
  };
  const run = first ?? empty;
  const report = language.tests.read(run, reports, files);
  // What a runner counts and how it ends must agree: a process that ends itself may leave a report of passing tests.
  if (report.total > 0 && report.failed === 0 && run.exitCode !== 0) {
    const why = run.timedOut ? "the tests did not end in time" : outputOf(run);
    const failures = [{ name: "the test run", detail: why }];
    return { run, report: { ...report, failed: 1, total: report.total + 1, failures } };
  }
  if (report.total > 0) return { run, report };
  return { run, report: { ...report, failures: [{ name: "the test run", detail: outputOf(run) }] } };
}

function testFindings(work: Work, report: TestReport): Finding[] {
  const { language, tests } = work;
  if (report.total === 0) {
    // None passed of none is no success.
    const text = `No ${language.title} test ran.\n${told(report.failures, tests)}`;
    // Where there are tests, what they are about could not even be loaded, which is further from done than one that fails.
    return [tests.length === 0 ? { kind: "tests", text, within: "tests" } : { kind: "check", text }];
  }
  return report.failed > 0 ? failureFindings(work, report) : coverageFindings(work, report);
}

function failureFindings({ language, profile, tests }: Work, { failures, failed, total }: TestReport): Finding[] {
  const unnamed = failures.filter(({ name }) => heldBy(name) === undefined);
  // All tests of a function are of one form: what fails beside them is that it cannot be loaded, or ends the process.
  if (profile.name === "function" && unnamed.length > 0) {
    return [{ kind: "check", text: `The tests cannot be run:\n${told(unnamed, tests)}` }];
  }
  const examples = failures.filter(({ name }) => /unit[:_] ?example/.test(name));
  const others = failures.filter((failure) => !examples.includes(failure));
  const findings: Finding[] = [];
  if (examples.length > 0)
    findings.push({ kind: "examples", text: `Examples of the task fail:\n${told(examples, tests)}` });
  if (others.length > 0 || examples.length === 0) {
    const areOwn = others.length > 0 && others.every(({ detail }) => language.isTestsOwn(detail));
    const text = `${failed} of ${total} tests fail:\n${told(others, tests)}`;
    findings.push({ kind: "tests", text, ...(areOwn ? { within: "tests" } : {}) });
  }
  return findings;
}

function coverageFindings({ profile }: Work, { coverage = 0, uncovered }: TestReport): Finding[] {
  const bar = profile.coverageBar;
  if (bar === undefined || coverage >= bar) return [];
  const where = uncovered.slice(0, 10).join("\n");
  const text = `The tests reach ${coverage} % of the lines; ${bar} % are needed. Not reached:\n${where}`;
  return [{ kind: "coverage", text }];
}

function told(failures: TestReport["failures"], tests: readonly SourceFile[]): string {
  const texts = failures
    .slice(0, FAILURES_SHOWN)
    .map(({ name, detail }) => `- ${name}\n${detail}${lineOf(detail, tests)}`);
  const more = failures.length > FAILURES_SHOWN ? [`and ${failures.length - FAILURES_SHOWN} more`] : [];
  return [...texts, ...more].join("\n");
}

const PLACE = /([\w./-]+\.(?:ts|py)):(\d+)/g;

/** The text of the line at which a test failed, where the runner says the place alone: nobody counts lines in a prompt. */
function lineOf(detail: string, tests: readonly SourceFile[]): string {
  const lines = [...detail.matchAll(PLACE)].flatMap(([, path = "", number]) => {
    const line = tests
      .find((file) => path.endsWith(`/${file.path}`))
      ?.content.split("\n")
      [Number(number) - 1]?.trim();
    return line === undefined || line === "" || detail.includes(line) ? [] : [line];
  });
  const last = lines.at(-1);
  return last === undefined ? "" : `\nIt failed at: ${last}`;
}

/** A bound that ended a run; nothing in its output says so. */
const ENDED_BY: Readonly<Record<NonNullable<RunResult["endedBy"]>, string>> = {
  time: "It did not end in time.\n",
  memory: "It was ended because it took more memory than the sandbox has (spec.resources.memory).\n",
  disk: "It was ended because it wrote more files, or larger ones, than the workspace holds.\n",
  output: "It was ended because it printed without end.\n",
};

/** The end of what a program said: compilers and runners sum up there. */
function outputOf({ stdout, stderr, endedBy }: RunResult): string {
  const text = `${stdout}\n${stderr}`.trim();
  return `${endedBy === undefined ? "" : ENDED_BY[endedBy]}${text.length > OUTPUT_CHARACTERS ? `...${text.slice(-OUTPUT_CHARACTERS)}` : text}`;
}
