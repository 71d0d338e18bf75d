import type { Reporter } from "./terminal.ts";

/** The name of the cluster that `up` makes, and of what runs beside it. */
export const DEV_CLUSTER = "dev";

export type UpOptions = {
  /** A context of the person's own kubeconfig. */
  context?: string;
  detach: boolean;
  reporter: Reporter;
  signal: AbortSignal;
};

/** What both parts must agree on before either of them is there. */
export type PartOptions = UpOptions & {
  /** Where the API lets agents reach models. */
  gatewayPort: number;
};

/** One of the two things that `up` brings, the API and the cluster: each is of use without the other. */
export type Part = {
  /** Nothing of it was started: an earlier run did. */
  alreadyUp: boolean;
  /** For programs. */
  result: Record<string, unknown>;
  /** What to type next. */
  lines: readonly string[];
  /** Where its programs write what they do, by their name. */
  logs: Readonly<Record<string, string>>;
  /** Resolves when something of it ends by itself, with the sentence that says so. */
  ended: Promise<string>;
  /** Ends what was started. The data is kept. */
  stop(): Promise<void>;
};

/** Of what an earlier run started: that it ends is no matter of ours. */
export function never(): Promise<string> {
  return new Promise(() => undefined);
}

export async function timed<T>(reporter: Reporter, what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const value = await work();
  reporter.done(what, (performance.now() - begun) / 1000);
  return value;
}
