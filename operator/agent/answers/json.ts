import type { z } from "zod";

/** What an answer held, or one sentence that the model can be told. */
export type Read<T> = { ok: true; value: T; repaired: boolean } | { ok: false; error: string; isCopy?: true };

/**
 * Finds the JSON in a model's answer and holds it against a schema. Around it there may be a fence and talk; in it line
 * ends inside strings and commas before a closing bracket are put right. Nothing else is guessed.
 */
export function readJson<T>(answer: string, schema: z.ZodType<T>): Read<T> {
  let error = "there is no JSON object in the answer";
  for (const candidate of candidates(answer)) {
    const parsed = parse(candidate);
    if (parsed === undefined) {
      error = "the JSON in the answer cannot be parsed";
      continue;
    }
    const judged = schema.safeParse(parsed.value);
    if (judged.success) return { ok: true, value: judged.data, repaired: parsed.repaired };
    error = judged.error.issues
      .slice(0, 3)
      .map(({ path, message }) => `${path.length === 0 ? "the answer" : path.map(String).join(".")}: ${message}`)
      .join("; ");
  }
  return { ok: false, error };
}

/** Likeliest first: what is fenced, then the whole. */
function candidates(answer: string): string[] {
  const fenced = [...answer.matchAll(/```[^\n]*\n([\s\S]*?)(?:\n\s*```|$)/g)].map(([, inner]) => inner ?? "");
  const found = [...fenced, answer].flatMap((text) => balanced(text) ?? []);
  return [...new Set(found)];
}

/** From the first opening bracket to the one that closes it; brackets inside strings count for nothing. */
function balanced(text: string): string | undefined {
  const start = text.search(/[{[]/);
  if (start === -1) return undefined;
  let depth = 0;
  for (const { index, sign, quoted } of signsOf(text, start)) {
    if (quoted) continue;
    if (sign === "{" || sign === "[") depth += 1;
    if (sign === "}" || sign === "]") depth -= 1;
    if (depth === 0) return text.slice(start, index + 1);
  }
  return undefined;
}

/** Each character with whether it stands inside a string; an escape comes as one. */
function* signsOf(text: string, start: number): Generator<{ index: number; sign: string; quoted: boolean }> {
  let quoted = false;
  for (let index = start; index < text.length; index += 1) {
    const sign = text.slice(index, index + (quoted && text[index] === "\\" ? 2 : 1));
    const quote = sign === '"';
    yield { index, sign, quoted: quoted || quote };
    if (quote) quoted = !quoted;
    index += sign.length - 1;
  }
}

function parse(text: string): { value: unknown; repaired: boolean } | undefined {
  for (const repaired of [false, true]) {
    try {
      return { value: JSON.parse(repaired ? mended(text) : text), repaired };
    } catch {
      // Then mended, or not at all.
    }
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Inside strings raw line ends and tabs become escapes; outside of them a comma before a closing bracket goes. */
function mended(text: string): string {
  let out = "";
  for (const { index, sign, quoted } of signsOf(text, 0)) {
    if (quoted) out += ESCAPES[sign] ?? sign;
    else if (sign !== "," || !/^\s*[}\]]/.test(text.slice(index + 1, index + 200))) out += sign;
  }
  return out;
}
