import type { KubeObject } from "@leanvibe/runtime";
import type { Report } from "./editors.ts";
import type { Fault, Plan } from "./plan.ts";

/** A write of the operator's, as the API server answered it (0: it was never asked), and what the fault made of it. */
export type Write = {
  address: string;
  object: string;
  method: string;
  status: number;
  at: number;
  /** Of a DELETE: the one life that it is about, by its precondition. */
  uid?: string | undefined;
  /** The newest version that had been seen when it came. */
  seen: string;
};

/** A watch that a process opened: of which kind, with which selectors. */
export type Open = { process: string; what: string; at: number };

export type WatchLine = { type: string; object: KubeObject };

/** What one run met, from arming to disarming. */
export type Run = {
  prefix: string;
  plan: Plan;
  writes: Write[];
  /** Addresses of the watches' lines. */
  lines: string[];
  opens: Open[];
  /** Faults that came to pass, each with performance.now(). */
  fired: Map<Fault, number>;
  /** What other editors did. */
  edits: Promise<Report>[];
  /** What a fault set going, and a run has to wait for. */
  pending: Promise<unknown>[];
  /** Writes with an effect, of a process that did not lead any more. */
  trespasses: string[];
};

/** Of a workload of this name prefix; without one, of none. */
export function emptyRun(plan: Plan = { workload: "", seed: 0, faults: [] }, prefix = "\u0000"): Run {
  return {
    prefix,
    plan,
    writes: [],
    lines: [],
    opens: [],
    fired: new Map(),
    edits: [],
    pending: [],
    trespasses: [],
  };
}

/** Finds the fault and notes that it happened: each happens once. */
export function take<F extends Fault>({ plan, fired }: Run, isIt: (fault: Fault) => fault is F): F | undefined {
  const fault = plan.faults.find((one): one is F => !fired.has(one) && isIt(one));
  if (fault !== undefined) fired.set(fault, performance.now());
  return fault;
}
