import { type SourceFile, sourceFile } from "@leanvibe/schema";
import { z } from "zod";
import { type Block, blocksOf } from "./blocks.ts";
import { type Read, readJson } from "./json.ts";

/** How the prompts ask for files. */
export const FILE_FORMAT = `Write each file as a line "FILE: path" followed by its whole content in a fenced block:

FILE: path/name.ext
\`\`\`
content
\`\`\``;

/** How the prompts ask for one: a small model that is to name its file too thinks of others beside it. */
export const ONE_FILE_FORMAT = "Answer with the whole file in one fenced block.";

const listed = z.object({ files: z.array(z.object({ path: z.string(), content: z.string() })).min(1) });

const PATH = String.raw`[A-Za-z0-9_@./+-]+\.[A-Za-z0-9]+`;
/** A line that names a file, however a model dresses it up. */
const NAMED = new RegExp(
  String.raw`^[\s>#*\-\d.]*(?:file(?:name|path)?|path)?[\s*]*[:=]?[\s*]*[\`"']*(${PATH})[\`"'*:]*\s*$`,
  "i",
);
/** The first line inside a block, as a comment. */
const COMMENTED = new RegExp(
  String.raw`^\s*(?://|#|<!--|/\*)\s*(?:file(?:name|path)?\s*:\s*)?(${PATH})\s*(?:-->|\*/)?\s*$`,
  "i",
);
/** In the fence's own line: ```ts src/a.ts, ```ts:src/a.ts, ```ts title="src/a.ts". */
const IN_FENCE = new RegExp(String.raw`(?:^|[\s:="'])(${PATH})["']?\s*$`);

const FILES_MAX = 60;

/**
 * The files of an answer: blocks with a path line before, in or on top of them, or JSON `{"files": [...]}`. A single block
 * without a path is `only`, where there can be but one. No path leaves the workspace: such a file is refused and said.
 */
export function readFiles(answer: string, only?: string): Read<SourceFile[]> {
  const { blocks, open } = blocksOf(answer);
  // Of a block that never ended nobody knows what is missing.
  if (open) return { ok: false, error: "the last fenced block has no end: write less, and close it with ```" };
  const named = blocks.flatMap((block) => fileOf(block) ?? []);
  if (named.length > 0) return judged(named);
  const json = readJson(answer, listed);
  if (json.ok) return judged(json.value.files);
  const [largest] = [...blocks].sort((a, b) => b.content.length - a.content.length);
  if (only !== undefined && largest !== undefined) return judged([{ path: only, content: largest.content }]);
  return { ok: false, error: 'there is no file in the answer: write "FILE: path", then its content in a fenced block' };
}

function fileOf({ before, info, content }: Block): { path: string; content: string } | undefined {
  const outside = before.match(NAMED)?.[1] ?? info.match(IN_FENCE)?.[1];
  if (outside !== undefined) return { path: outside, content };
  const [first = "", ...rest] = content.split("\n");
  const inside = first.match(COMMENTED)?.[1];
  return inside === undefined ? undefined : { path: inside, content: rest.join("\n") };
}

function judged(files: readonly { path: string; content: string }[]): Read<SourceFile[]> {
  if (files.length > FILES_MAX) return { ok: false, error: `${files.length} files are too many; at most ${FILES_MAX}` };
  const byPath = new Map<string, SourceFile>();
  for (const { path, content } of files) {
    const parsed = sourceFile.safeParse({ path: path.replace(/^(\.\/)+/, ""), content: `${content.trimEnd()}\n` });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { ok: false, error: `the file ${JSON.stringify(path.slice(0, 100))} is refused: ${issue?.message}` };
    }
    // The later one stands: models correct themselves while they write.
    byPath.set(parsed.data.path, parsed.data);
  }
  return { ok: true, value: [...byPath.values()], repaired: false };
}
