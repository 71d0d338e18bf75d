import { isSimple } from "@leanvibe/schema";
import { z } from "zod";
import type { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";

const TEXT = z.string().max(4_000_000);

/** Text alone: a model's server would fetch what an image's address names, from where it stands. */
const content = z.union([TEXT, z.null(), z.array(z.object({ type: z.literal("text"), text: TEXT })).max(100)], {
  error: "must be text: a string, or a list of parts of type text",
});

const message = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: content.optional(),
  name: z.string().max(64).optional(),
  tool_call_id: z.string().max(200).optional(),
  tool_calls: z
    .array(
      z.object({
        id: z.string().max(200),
        type: z.literal("function"),
        function: z.object({ name: z.string().max(200), arguments: TEXT }),
      }),
    )
    .max(100)
    .optional(),
});

const PART_BYTES = 65_536;

/** JSON that a model's server alone understands, passed on as it is: nothing looks into it but to see how long it is. */
const part = z.unknown().refine((value) => value !== undefined && isShort(value), {
  error: `must be JSON of at most ${PART_BYTES} bytes`,
});

function isShort(value: unknown): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(value)) <= PART_BYTES;
  } catch {
    // Nested deeper than can be written.
    return false;
  }
}

const positive = z.int().min(1).max(10_000_000);

/**
 * What of a request a model's server gets to see. Whatever else a client sends is left out: there are fields by which
 * servers fetch addresses, keep what they are told, or answer several times.
 */
export const chatRequest = z.object({
  model: z.string().max(200).optional(),
  messages: z.array(message).min(1).max(1_000),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean().default(false) }).optional(),
  max_tokens: positive.optional(),
  max_completion_tokens: positive.optional(),
  n: z.literal(1, { error: "must be 1: one answer at a time" }).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  stop: z.union([z.string().max(200), z.array(z.string().max(200)).max(16)]).optional(),
  seed: z.int().optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  response_format: z
    .object({ type: z.enum(["text", "json_object", "json_schema"]), json_schema: part.optional() })
    .optional(),
  tools: z
    .array(z.object({ type: z.literal("function"), function: part }))
    .max(64)
    .optional(),
  tool_choice: part.optional(),
});

export type ChatRequest = z.output<typeof chatRequest>;

/** @throws Refusal VALIDATION_FAILED */
export function requestIn(body: unknown): ChatRequest {
  const parsed = chatRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => ({ path: ["body", ...path].join("."), message })));
}

/** More than any chat with its tools, of which most is text. */
const MARKS_AT_MOST = 50_000;

/** Why a body is refused before it is parsed, since parsing and judging it would keep all others waiting; undefined where it is not. */
export function refusalOfBody(body: Uint8Array): Refusal | undefined {
  if (isSimple(body, MARKS_AT_MOST)) return undefined;
  const message = `holds too many values: more than ${MARKS_AT_MOST} of {, [, : and , outside of text`;
  return invalid([{ path: "body", message }]);
}

/** The same as the model's server is asked: by the name that it knows, for so much and no more, and for its figures. */
export function upstreamBody(request: ChatRequest, model: string, outputTokens: number): string {
  const { stream, stream_options: _asked, max_completion_tokens: _most, n: _one, ...rest } = request;
  const streaming = stream ? { stream, stream_options: { include_usage: true } } : {};
  return JSON.stringify({ ...rest, ...streaming, model, max_tokens: outputTokens });
}
