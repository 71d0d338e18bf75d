import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What the agent is at, told from how its prompts begin. */
export const PHASES = {
  // Before the code's, of whose words a correction's prompt has some too.
  correction: /corrects code/,
  analysis: /analyses a task/,
  architecture: /plans the files/,
  code: /complete, working code|Complete this \w+ function/,
  tests: /writes tests/,
  documentation: /README files/,
} as const;

export type Phase = keyof typeof PHASES;

const turn = z.strictObject({
  /** Only for a question of this phase; without it, for whatever comes. */
  phase: z.enum(["analysis", "architecture", "code", "tests", "correction", "documentation"]).optional(),
  /** A file beside the script, or the text itself. */
  file: z.string().optional(),
  text: z.string().optional(),
  /** Instead of an answer, or of a good one. */
  fault: z
    .union([
      z.strictObject({ status: z.int(), retryAfterSeconds: z.number().optional(), code: z.string().optional() }),
      z.strictObject({ hang: z.literal(true) }),
      z.strictObject({ garbage: z.literal(true) }),
      z.strictObject({ oversizedBytes: z.int() }),
      z.strictObject({ cutAfter: z.int() }),
    ])
    .optional(),
  /** Leaves usage out, as some servers do. */
  withoutUsage: z.boolean().default(false),
  /** Answers with one JSON object although a stream was asked for, as some proxies do. */
  whole: z.boolean().default(false),
});

const script = z.strictObject({ turns: z.array(turn).min(1) });

export type Turn = z.output<typeof turn>;
export type Script = {
  name: string;
  turns: readonly Turn[];
  textOf(turn: Turn): string;
  /** Before each answer, instead of what the server waits for all. */
  delayMilliseconds?: number;
};

const FOLDER = join(import.meta.dirname, "scripts");

/** The scripts by name: a folder each, `script.json` with the turns and the longer answers as files. */
export function scriptNames(): string[] {
  return readdirSync(FOLDER).sort();
}

export function readScript(name: string): Script {
  const folder = join(FOLDER, name);
  const { turns } = script.parse(JSON.parse(readFileSync(join(folder, "script.json"), "utf8")));
  return {
    name,
    turns,
    textOf: ({ file, text = "" }) => (file === undefined ? text : readFileSync(join(folder, file), "utf8")),
  };
}

/** A script made in a test, of turns without files. */
export function scriptOf(name: string, turns: readonly z.input<typeof turn>[]): Script {
  const parsed = script.parse({ turns });
  return { name, turns: parsed.turns, textOf: ({ text = "" }) => text };
}

/** Where one task is in a script. */
export class Cursor {
  readonly #script: Script;
  readonly #used = new Set<Turn>();

  constructor(script: Script) {
    this.#script = script;
  }

  /**
   * The next turn for a question: the first that is not used yet and that fits its phase. A phase that is asked again, by
   * a pod that began anew, hears its last good turn again.
   */
  next(phase: Phase | undefined): Turn | undefined {
    const fitting = this.#script.turns.filter((one) => one.phase === undefined || one.phase === phase);
    const fresh = fitting.find((one) => !this.#used.has(one));
    if (fresh !== undefined) this.#used.add(fresh);
    return fresh ?? fitting.filter(({ fault }) => fault === undefined).at(-1) ?? fitting.at(-1);
  }
}

export function phaseOf(text: string): Phase | undefined {
  const found = Object.entries(PHASES).find(([, pattern]) => pattern.test(text))?.[0];
  return z.enum(["analysis", "architecture", "code", "tests", "correction", "documentation"]).safeParse(found).data;
}
