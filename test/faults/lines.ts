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
