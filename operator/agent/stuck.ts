import { createHash } from "node:crypto";
import type { SourceFile } from "@leanvibe/schema";

const SAME_ERROR_MAX = 3;

/** What has been tried; kept in the checkpoint, so that a new pod does not begin to go round anew. */
export type Tried = { states: string[]; errors: Record<string, number> };

/**
 * Does this go in circles? The same files again (or a correction that changes nothing), or the same error for the third
 * time. Pure: the answer and what has been tried by then.
 */
export function circling(
  tried: Tried,
  files: readonly SourceFile[],
  error: string,
): { tried: Tried; why: string | undefined } {
  const state = fingerprintOf(files);
  const sameness = fingerprintOf([{ path: "", content: withoutPlaces(error) }]);
  const times = (tried.errors[sameness] ?? 0) + 1;
  const repeated = tried.states.includes(state);
  return {
    tried: { states: [...tried.states, state], errors: { ...tried.errors, [sameness]: times } },
    why: repeated
      ? "a correction gave the same files as one before it"
      : times >= SAME_ERROR_MAX
        ? `the same error came ${times} times`
        : undefined,
  };
}

/** Line numbers, times and addresses differ where the fault does not. */
function withoutPlaces(text: string): string {
  return text.replace(/0x[0-9a-f]+|\d+/gi, "0").replace(/\s+/g, " ");
}

function fingerprintOf(files: readonly SourceFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify(sorted.map(({ path, content }) => [path, content])))
    .digest("hex")
    .slice(0, 16);
}
