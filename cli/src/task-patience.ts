import { setTimeout as sleep } from "node:timers/promises";
import type { Watching } from "./task-progress.ts";

/** Whoever is asked does not answer, or cannot at the moment: who waits for it asks again. */
export class Away extends Error {
  override readonly name = "Away";
}

/** How long who is away is waited for, and how long is waited before it is asked again. */
export const PACE = { awayMilliseconds: 120_000, pauseMilliseconds: 1_000 };

/** Asks again while one that answered before is away, and says so once. One that never did is not waited for. */
export function patience({ note, signal }: Watching, { awayMilliseconds, pauseMilliseconds } = PACE) {
  let answered = false;
  return async <T>(ask: () => Promise<T>): Promise<T> => {
    const end = performance.now() + awayMilliseconds;
    for (let tries = 1; ; tries++) {
      const { answer, away } = await ask().then(
        (value) => ({ answer: { value }, away: undefined }),
        (error: unknown) => ({ answer: undefined, away: error }),
      );
      if (answer !== undefined) {
        answered = true;
        return answer.value;
      }
      signal.throwIfAborted();
      if (!(away instanceof Away) || !answered || performance.now() >= end) throw away;
      if (tries === 1) note(`Out of reach (${away.message}); it is asked again for two minutes.`);
      await sleep(pauseMilliseconds, undefined, { signal });
    }
  };
}
