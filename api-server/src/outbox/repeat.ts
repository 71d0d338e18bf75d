import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@leanvibe/runtime";

/** Does something again and again, with a pause between, never twice at once; a failure is told and tried again. */
export function repeat(milliseconds: number, log: Log, work: () => Promise<unknown>): { stop(): Promise<void> } {
  const abort = new AbortController();
  const { signal } = abort;
  const running = (async () => {
    while (!signal.aborted) {
      await work().catch((error: unknown) => log.warn({ err: error }, "background work failed; trying again"));
      await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      abort.abort();
      await running;
    },
  };
}
