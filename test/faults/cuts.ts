import type { Recorded } from "../harness/recording-proxy.ts";
import type { Run } from "./events.ts";
import { isClosing, lotOf } from "./plan.ts";

type How = "close" | "reset";

/** Ends every watch of a run again and again where its plan says so, and notes each that is opened. */
export class Cuts {
  readonly #open = new Set<(how: How) => void>();
  #run: Run | undefined;

  /** What is open already ends at once. */
  arm(run: Run): void {
    this.#run = run;
    const fault = run.plan.faults.find(isClosing);
    if (fault === undefined) return;
    run.fired.set(fault, performance.now());
    for (const end of this.#open) end(fault.action.do);
    this.#open.clear();
  }

  disarm(): void {
    this.#run = undefined;
  }

  /** Resolves when this watch is to end, with how. */
  opened(process: string, { path, query, at }: Recorded): Promise<How> {
    const asked = new URLSearchParams(query);
    const selectors = ["labelSelector", "fieldSelector"].map((name) => asked.get(name) ?? "").join(" ");
    const what = `${path} ${selectors}`.trim();
    const run = this.#run;
    run?.opens.push({ process, what, at });
    const { promise, resolve } = Promise.withResolvers<How>();
    this.#open.add(resolve);
    const fault = run?.plan.faults.find(isClosing);
    if (run !== undefined && fault !== undefined) {
      // Not all at the same time, so that it is blind now for this kind and now for that.
      const share = (1 + (lotOf(`${run.plan.seed} ${what} ${run.opens.length}`) % 5)) / 5;
      setTimeout(() => this.#run === run && resolve(fault.action.do), fault.closing * 1000 * share);
    }
    return promise;
  }
}
