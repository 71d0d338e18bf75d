import type { Example } from "./language.ts";

const PROMPT = /^\s*>>>\s*(.+?)\s*$/;
/** `f(1) == 2`, `f(1) = 2`, `f(1) ==> 2`, `f(1) ➞ 2`; an arrow is also a type hint, so a literal must follow. */
const STATED =
  /(?:^|[\s`])([A-Za-z_]\w*\(.*\))`?\s*(?:#\s*)?(?:={1,3}>?|-{1,3}>|➞|→|returns?|should return)\s*(.+?)\s*$/;
const CALL = /^[A-Za-z_]\w*\(.*\)$/;
const CONSTANTS = "(True|False|None|true|false|null|undefined)";
const LITERAL = new RegExp(String.raw`^(-?\d|\[|\(|\{|["']|${CONSTANTS}\b)`);
const STRING = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g;

const EXAMPLES_MAX = 30;

/**
 * Examples that a text promises: Python's own form (`>>> f(1)` and the result below it) and the forms people write.
 * Only calls with literal results; a doubtful one is left out, because what fails here counts as a fault of the code.
 */
export function examplesIn(text: string): Example[] {
  const lines = text.split("\n");
  const found = lines.flatMap((line, index) => {
    const prompt = line.match(PROMPT)?.[1];
    if (prompt !== undefined && CALL.test(prompt)) return example(prompt, lines[index + 1] ?? "");
    const [, call = "", result = ""] = line.replace(PROMPT, "$1").match(STATED) ?? [];
    return call === "" ? [] : example(call, result);
  });
  const byText = new Map(found.map((one) => [`${one.call} ${one.result}`, one]));
  return [...byText.values()].slice(0, EXAMPLES_MAX);
}

function example(call: string, after: string): Example[] {
  const result = after
    .trim()
    .replace(/\s+#.*$/, "")
    .replace(/[.;,]$/, "");
  const whole = LITERAL.test(result) && closes(result) && closes(call) && !namesWhatIsNot(call);
  return whole ? [{ call, result }] : [];
}

/** A word that is neither a constant, nor called, nor a keyword: `isOpen(door) returns true` is a sentence. */
const NAME = /(?<![\w.])[A-Za-z_]\w*(?![\w.]|\s*[=(])/g;
const CONSTANT = new RegExp(`^${CONSTANTS}$`);

function namesWhatIsNot(call: string): boolean {
  const names = call.replace(STRING, "").match(NAME) ?? [];
  return names.some((name) => !CONSTANT.test(name));
}

const CALL_SHOWN = 100;

/** A call as a failed test tells it: the runner keeps only so much of what is said. */
export function shortened(call: string): string {
  return call.length > CALL_SHOWN ? `${call.slice(0, CALL_SHOWN)}...` : call;
}

const TEST_NAME = /unit[:_] ?(example|case)[ _](\d+)$/;

/** Which example or case a test holds, by the name that languages give it; counted from 1. */
export function heldBy(testName: string): { what: string; number: number } | undefined {
  const [, what, number] = testName.match(TEST_NAME) ?? [];
  return what === undefined ? undefined : { what, number: Number(number) };
}

/**
 * Of a failed test of an example, the value that came: the same text for the same value, and of a long one its digest.
 * Undefined where an error came, of which nobody knows whether it was meant.
 */
export function cameIn(detail: string): string | undefined {
  return detail.match(/^(?:error: ['"]?)?(.*) came, /ms)?.[1];
}

const STRING_OR_WORD = new RegExp(String.raw`${STRING.source}|[A-Za-z_]\w*`, "g");

/** A call or a result in the words that a language has for true, false and nothing; what stands in quotes stays. */
export function withConstants(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(STRING_OR_WORD, (part) => (Object.hasOwn(words, part) ? (words[part] ?? part) : part));
}

const INNERMOST = /\([^()[\]{}]*\)|\[[^()[\]{}]*\]|\{[^()[\]{}]*\}/g;
/** What may be left of a literal or a call whose strings and brackets are closed: one word, at most with operators. */
const CLOSED = /^[\w.+\-@]+(\s*([-+*/%]|==|and|or)\s*[\w.+\-@]+)*$/;

/** Are brackets and quotes closed, with nothing behind the last one? A result of several lines is not. */
function closes(text: string): boolean {
  let rest = text.replace(STRING, "@");
  for (let inner = rest.replace(INNERMOST, "@"); inner !== rest; inner = rest.replace(INNERMOST, "@")) rest = inner;
  return CLOSED.test(rest);
}
