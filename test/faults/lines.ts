import { setTimeout as sleep } from "node:timers/promises";

/** A line that is to be overtaken waits no longer than this for one that does. */
const OVERTAKEN_MILLISECONDS = 2_000;

/** The lines, and undefined where somebody waits and none comes. */
export async function* withPauses(
  lines: AsyncIterable<string>,
  waits: () => boolean,
): AsyncGenerator<string | undefined> {
  const iterator = lines[Symbol.asyncIterator]();
  for (let next: Promise<IteratorResult<string>> | undefined; ; ) {
    next ??= iterator.next();
    const result = waits() ? await Promise.race([next, sleep(OVERTAKEN_MILLISECONDS)]) : await next;
    if (result?.done === true) return;
    if (result !== undefined) next = undefined;
    yield result?.value;
  }
}

/** What breaks a connection in the midst of a watch. */
export class Reset extends Error {}

/** The lines until somebody cuts them off. @throws Reset where that is no end but a break. */
export async function* untilCut(lines: AsyncIterable<string>, cut: Promise<"close" | "reset">): AsyncGenerator<string> {
  const iterator = lines[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    const result = await Promise.race([next, cut]);
    if (typeof result === "string") {
      // It fails when the connection behind it is let go.
      next.catch(() => undefined);
      if (result === "reset") throw new Reset("the watch was reset");
      return;
    }
    if (result.done === true) return;
    yield result.value;
  }
}
