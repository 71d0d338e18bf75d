import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { z } from "zod";

/** What a figure is of. Two of different settings are never put into one. */
const settings = z.object({
  /** Which model answered, by its own word. */
  model: z.string(),
  /** As it was asked for. */
  asked: z.string(),
  contextTokens: z.int(),
  maxIterations: z.int(),
});
export type Settings = z.output<typeof settings>;

const heading = z.object({ record: z.literal("humaneval"), settings });

/** One problem by the agent and by the model alone; a line of the record. */
const attempt = z.object({
  id: z.string(),
  model: z.string(),
  /** The version of the agent that was at it. */
  agent: z.string(),
  result: z.string(),
  reason: z.string(),
  iterations: z.number(),
  /** The hidden tests pass. */
  solved: z.boolean(),
  bareSolved: z.boolean(),
  tokens: z.number(),
  bareTokens: z.number(),
  calls: z.number(),
  seconds: z.number(),
  bareSeconds: z.number(),
  estimated: z.boolean(),
  message: z.string(),
  code: z.string(),
  bareCode: z.string(),
});
export type Attempt = z.output<typeof attempt>;

/** Whoever runs the evaluation asked for what it does not do; the message says what to do instead. */
export class Refused extends Error {
  override readonly name = "Refused";
}

export type RecordOptions = {
  settings: Settings;
  agent: string;
  /** Versions of the agent may stand beside each other; the summary says so. */
  mixed: boolean;
};

/** The file in which a run that takes hours keeps what it has, a line a problem below a heading. */
export class RunRecord {
  readonly #path: string;
  readonly #attempts = new Map<string, Attempt>();

  /** @throws Refused where what is in it cannot be put together with what is to come. */
  constructor(path: string, options: RecordOptions) {
    this.#path = path;
    const { lines, end, bytes } = held(path);
    const [first, ...rest] = lines;
    if (first === undefined && bytes > 0) throw new Refused(notOurs(path));
    if (first !== undefined) refuseOther(path, first, options.settings);
    rest.forEach((text, at) => {
      const one = parsed(attempt, text);
      if (one === undefined) throw new Refused(`${path}, line ${at + 2} is no result; mend it or name another file`);
      this.#attempts.set(one.id, one);
    });
    const others = [...new Set([...this.#attempts.values()].map(({ agent }) => agent))].filter(
      (agent) => agent !== options.agent,
    );
    if (others.length > 0 && !options.mixed) {
      throw new Refused(
        `${path} holds results of the agent's version ${others.join(", ")}, and this is ${options.agent}: ` +
          "name another file by --results, or put them together by --mixed",
      );
    }
    if (first === undefined) writeFileSync(path, line({ record: "humaneval", settings: options.settings }));
    // What stands behind the last line's end was cut when a run was ended while it wrote: it is taken away.
    else if (end < bytes) truncateSync(path, end);
  }

  get(id: string): Attempt | undefined {
    return this.#attempts.get(id);
  }

  add(one: Attempt): void {
    appendFileSync(this.#path, line(attempt.parse(one)));
    this.#attempts.set(one.id, one);
  }
}

/** Its whole lines, where the last of them ends, and how much there is. It is only looked at: it may be somebody else's. */
function held(path: string): { lines: string[]; end: number; bytes: number } {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const end = bytes.lastIndexOf("\n") + 1;
  const text = bytes.subarray(0, end).toString();
  return { lines: text.split("\n").filter((each) => each.trim() !== ""), end, bytes: bytes.length };
}

const notOurs = (path: string) =>
  `${path} does not say by what its results were made; name another file by --results, or delete it`;

function refuseOther(path: string, first: string, wanted: Settings): void {
  const found = parsed(heading, first)?.settings;
  if (found === undefined) throw new Refused(notOurs(path));
  const differing = settings.keyof().options.filter((name) => found[name] !== wanted[name]);
  if (differing.length === 0) return;
  const told = differing.map((name) => `${TOLD[name]} ${found[name]}, and this run ${wanted[name]}`).join("; ");
  throw new Refused(`${path} is of another run: it has ${told}. Name another file by --results`);
}

const TOLD: Readonly<Record<keyof Settings, string>> = {
  model: "answers of",
  asked: "asked for",
  contextTokens: "a context of",
  maxIterations: "corrections up to",
};

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
