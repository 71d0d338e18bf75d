/** A fenced block of an answer. */
export type Block = {
  /** The last line of text before it that is not empty. */
  before: string;
  /** What stands behind the opening fence: a language, at times a path. */
  info: string;
  content: string;
};

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([^`]*?)\s*$/;

/**
 * The fenced blocks of an answer, and whether the last one was left open. A block of Markdown may hold fences of its own:
 * there a fence with a language opens one more, and a bare one closes the last.
 */
export function blocksOf(answer: string): { blocks: Block[]; open: boolean } {
  const blocks: Block[] = [];
  let before = "";
  let current: Open | undefined;
  for (const line of answer.split(/\r?\n/)) {
    const [, , fence = "", info = ""] = line.match(FENCE) ?? [];
    if (current !== undefined) {
      if (stillOpen(current, fence, info)) current.content += `${line}\n`;
      else {
        blocks.push({ before: current.before, info: current.info, content: current.content });
        before = "";
        current = undefined;
      }
    } else if (fence !== "") current = { before, info, content: "", fence, inner: 0 };
    else if (line.trim() !== "") before = line;
  }
  return { blocks, open: current !== undefined };
}

type Open = Block & { fence: string; inner: number };

/** Does this line leave the block open? Counts the fences inside of it. */
function stillOpen(block: Open, fence: string, info: string): boolean {
  if (!fence.startsWith(block.fence)) return true;
  if (info !== "") {
    if (isMarkdown(block)) block.inner += 1;
    return true;
  }
  block.inner -= 1;
  return block.inner >= 0;
}

function isMarkdown({ info, before }: Block): boolean {
  return /^(md|markdown)\b/i.test(info) || /\.md\W*$/i.test(info) || /\.md\W*$/i.test(before);
}
