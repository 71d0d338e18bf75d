/** What a probe of the cluster's network found. */
export type Verdict = "Enforced" | "NotEnforced" | "Inconclusive";

/** A verdict and the sentence that a person reads about it. */
export type Finding = { verdict: Verdict; message: string };

/** What became of one connection; unknown where nobody really tried. */
export type Connection = "passed" | "refused" | "unknown";

/** The two connections of one client: to the port that the policy leaves open, and to the one that it shuts. */
export type Attempt = { open: Connection; shut: Connection };

/** What to do where policies are not enforced, or nobody knows whether they are. */
export const NETWORK_FIX =
  "Use a network plugin that enforces them, such as Calico or Cilium (minikube start --cni=calico).";

/**
 * From the last attempts before and after the policy shut a port. A refusal alone proves nothing: nobody may listen
 * there, or something else may stand in the way. So the same connection must have passed before, and its neighbour,
 * which the policy allows, must still pass.
 */
export function verdictOf(before: Attempt, after: Attempt): Finding {
  if (before.open !== "passed" || before.shut !== "passed") {
    return inconclusive(
      `before the policy shut a port, one connection ${said(before.open)} and the other ${said(before.shut)}; both must pass`,
    );
  }
  if (after.open !== "passed") {
    return inconclusive(`the connection that the policy allows ${said(after.open)}, so the other one proves nothing`);
  }
  switch (after.shut) {
    case "refused":
      return {
        verdict: "Enforced",
        message: "A connection that a network policy forbids was refused, and the one that it allows passed.",
      };
    case "passed":
      return {
        verdict: "NotEnforced",
        message: `A connection that a network policy forbids passed: this cluster does not enforce network policies. ${NETWORK_FIX}`,
      };
    case "unknown":
      return inconclusive("the connection that the policy forbids could not be tried");
  }
}

export function inconclusive(why: string): Finding {
  return { verdict: "Inconclusive", message: `The probe of the cluster's network proved nothing: ${why}.` };
}

function said(connection: Connection): string {
  return { passed: "passed", refused: "was refused", unknown: "could not be tried" }[connection];
}

/** The process's exit code: `connect` ends with 0 or 1, everything else is a container that never got to try. */
export function connectionOf(exitCode: number): Connection {
  if (exitCode === 0) return "passed";
  return exitCode === 1 ? "refused" : "unknown";
}

/** For how long a probe that proves nothing leaves an earlier verdict standing: two daily ones may miss. */
export const STANDS_HOURS = 48;

/**
 * What holds after a probe. One that proved nothing (a full node, a registry out of reach) takes back nothing that was
 * proved lately; one that saw a forbidden connection pass takes it back at once.
 */
export function standing<T extends Finding & { time: Date }>(before: T | undefined, found: T): T {
  if (before === undefined || before.verdict === "Inconclusive" || found.verdict !== "Inconclusive") return found;
  const hours = (found.time.getTime() - before.time.getTime()) / 3_600_000;
  return hours < STANDS_HOURS ? before : found;
}

const DAY_SECONDS = 24 * 3600;
const RETRY_SECONDS = { first: 60, most: 3600 };

/** When to look again: daily, and sooner when nothing was proved, ever more seldom. */
export function nextProbeSeconds(verdict: Verdict, inconclusiveInARow: number): number {
  if (verdict !== "Inconclusive") return DAY_SECONDS;
  return Math.min(RETRY_SECONDS.most, RETRY_SECONDS.first * 2 ** Math.max(0, inconclusiveInARow - 1));
}
