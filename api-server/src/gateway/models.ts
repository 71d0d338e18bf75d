import { readFile } from "node:fs/promises";
import { type Log, messageOf } from "@leanvibe/runtime";
import { z } from "zod";

const cents = z.int({ error: "must be whole cents" }).min(0);

const model = z
  .strictObject({
    name: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: "must be lower-case letters, digits and inner hyphens" }),
    /** Where its server is, such as http://localhost:8080/v1. */
    endpoint: z
      .url({ protocol: /^https?$/, error: "must be an http:// or https:// URL such as http://localhost:8080/v1" })
      .refine((text) => /^https?:\/\/[^@?#]*$/.test(text), { error: "must hold no user, query or fragment" })
      .transform((text) => text.replace(/\/+$/, "")),
    /** What its server calls it, where that is something else. */
    model: z.string().min(1).max(200).optional(),
    /** A file with the key that its server wants. It is sent to that server and nowhere else. */
    key_file: z.string().min(1).optional(),
    /** In cents for a million tokens, 0 where it costs nothing. One without a price is asked nothing. */
    price: z.strictObject({ input_cents: cents, output_cents: cents }).optional(),
    context_tokens: z.int().min(256).max(100_000_000),
    max_output_tokens: z.int().min(16).max(10_000_000).optional(),
    default: z.boolean().optional(),
  })
  .transform(({ key_file: keyFile, context_tokens: contextTokens, max_output_tokens: most, ...rest }) => ({
    ...rest,
    keyFile,
    contextTokens,
    maxOutputTokens: Math.min(most ?? MAX_OUTPUT_TOKENS, contextTokens),
  }));

const MAX_OUTPUT_TOKENS = 4_096;

/** A model that the platform offers to agents. */
export type Model = z.output<typeof model>;

const table = z
  .strictObject({ models: z.array(model).max(100) })
  .refine(({ models }) => new Set(models.map(({ name }) => name)).size === models.length, {
    error: "names two models alike",
  })
  .refine(({ models }) => models.filter((each) => each.default === true).length <= 1, {
    error: "has two defaults",
  });

/** The platform's models by name. */
export class Models {
  readonly #byName: ReadonlyMap<string, Model>;
  readonly #usual: Model | undefined;

  constructor(models: readonly Model[]) {
    this.#byName = new Map(models.map((each) => [each.name, each]));
    this.#usual = models.find((each) => each.default === true) ?? models[0];
  }

  get all(): readonly Model[] {
    return [...this.#byName.values()];
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /** The usual one where none is named. */
  find(name: string | undefined): Model | undefined {
    return name === undefined ? this.#usual : this.#byName.get(name);
  }
}

const missing = z.object({ code: z.literal("ENOENT") });

/** The table in a file; where it is not there yet, none. @throws Error that says what is wrong with the file */
export async function readModels(path: string | undefined, log: Log): Promise<Models> {
  if (path === undefined) return new Models([]);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (missing.safeParse(error).success) return undefined;
    throw new Error(`GATEWAY_MODELS: ${messageOf(error)}`);
  });
  if (text !== undefined) return modelsIn(text, path);
  log.warn({ path }, "there is no table of models: agents are told that there are none");
  return new Models([]);
}

/** @throws Error that names each fault and its place */
export function modelsIn(text: string, path: string): Models {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`GATEWAY_MODELS: ${path} is no JSON: ${messageOf(error)}`);
  }
  const parsed = table.safeParse(json);
  if (parsed.success) return new Models(parsed.data.models);
  const faults = parsed.error.issues.map(({ path: at, message }) => `  ${at.join(".")}: ${message}`);
  throw new Error(`GATEWAY_MODELS: ${path} does not fit:\n${faults.join("\n")}`);
}
