import type { SourceFile } from "@leanvibe/schema";
import { blocksOf } from "../answers/blocks.ts";
import type { Language } from "../languages/language.ts";
import type { ServiceCall } from "../sandbox/index.ts";

/** Something in a README that can be run: a file of code, or a request to the service. */
export type ReadmeExample = { source: string } & ({ file: SourceFile } | { call: ServiceCall });

const TAGS: Readonly<Record<Language["name"], RegExp>> = {
  typescript: /^(ts|typescript|js|javascript)\b/i,
  python: /^(py|python3?)\b/i,
};
const REQUEST = /^(GET|POST|PUT|PATCH|DELETE)\s+(\/\S*)/;

/** The README of an answer: often the whole is fenced once more. */
export function readmeOf(answer: string): string {
  const text = answer.trim();
  const { blocks } = blocksOf(text);
  const [only] = blocks;
  const whole = only !== undefined && blocks.length === 1 && /^(md|markdown)\b/i.test(only.info);
  return `${(whole ? only.content : text).trim()}\n`;
}

export function examplesOf(readme: string, language: Language): ReadmeExample[] {
  return blocksOf(readme).blocks.flatMap(({ info, content }, index): ReadmeExample[] => {
    if (TAGS[language.name].test(info)) {
      const ending = language.single.split(".").at(-1) ?? "";
      return [{ source: content, file: { path: `readme_example_${index + 1}.${ending}`, content } }];
    }
    const call = /^http\b/i.test(info) ? requestOf(content) : undefined;
    return call === undefined ? [] : [{ source: content, call }];
  });
}

/** The first line, then headers up to an empty line, then the body. */
function requestOf(content: string): ServiceCall | undefined {
  const [head = "", ...rest] = content.trim().split("\n");
  const [, method, path] = head.match(REQUEST) ?? [];
  if (method === undefined || path === undefined) return undefined;
  const empty = rest.findIndex((line) => line.trim() === "");
  const lines = empty === -1 ? rest : rest.slice(0, empty);
  const body =
    empty === -1
      ? ""
      : rest
          .slice(empty + 1)
          .join("\n")
          .trim();
  const headers = Object.fromEntries(
    lines.flatMap((line) => {
      const [, name = "", value = ""] = line.match(/^([\w-]+):\s*(.*)$/) ?? [];
      return name === "" ? [] : [[name.toLowerCase(), value.trim()]];
    }),
  );
  const typed = body === "" || headers["content-type"] !== undefined ? {} : { "content-type": "application/json" };
  return { method, path, headers: { ...typed, ...headers }, ...(body === "" ? {} : { body }) };
}

const WORD = { before: /[\w$]$/, after: /^[\w$]/ };
/** A path goes on behind another, and before a further part or a parameter. */
const PATH = { before: /[\w}]$/, after: /^(\/?[\w{:<-])/ };

/**
 * By a word or a path of its own: not as a part of another, such as `a` of `and`, or `/users` of `/users/{id}`. A path may
 * stand behind the address of a server.
 */
export function isNamed(readme: string, name: string): boolean {
  const { before, after } = name.startsWith("/") ? PATH : WORD;
  const text = readme.replaceAll(/https?:\/\/[^/\s]+/g, " ");
  // What is emphasised is no other word for it.
  return [text, text.replaceAll(/\b_+|_+\b/g, " ")].some((each) => {
    const parts = each.split(name);
    return parts.slice(1).some((rest, at) => !after.test(rest) && !before.test(parts[at] ?? ""));
  });
}

/** Without the blocks of these examples: what was tried and is not true must not be read by anybody. */
export function without(readme: string, examples: readonly ReadmeExample[]): string {
  const removed = new Set(examples.map(({ source }) => source));
  const lines = readme.split("\n");
  const out: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const end = /^\s*```/.test(line) ? lines.findIndex((other, at) => at > index && /^\s*```\s*$/.test(other)) : -1;
    if (end === -1) {
      out.push(line);
      continue;
    }
    const content = `${lines.slice(index + 1, end).join("\n")}\n`;
    if (!removed.has(content)) out.push(...lines.slice(index, end + 1));
    index = end;
  }
  return out.join("\n");
}
