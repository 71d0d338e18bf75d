import { setTimeout as sleep } from "node:timers/promises";
import { isApiError, isNewer, KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { LEASES, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import type { Api } from "../harness/cluster.ts";
import type { Answer, Recorded } from "../harness/recording-proxy.ts";
import { targetOf } from "./address.ts";

/** So short that a killed leader is replaced in seconds, and long enough for several operators on a busy machine. */
export const PACE = { leaseSeconds: 4, renewDeadlineSeconds: 3, retrySeconds: 0.3 };
/** What the way from an operator's clock to ours may take. */
const SLACK_MILLISECONDS = 500;

/** The Lease of one slot: of that name, so that every slot has a leader of its own. */
export function leaseName(token: string): string {
  return `${LEASES.operator}-${token}`;
}

/** The same request about the slot's own Lease. */
export function toLeaseOf(token: string, { path, body }: Recorded): { path: string; body: string } {
  const name = leaseName(token);
  if (targetOf(path).name === LEASES.operator) return { path: path.replace(/[^/]+$/, name), body };
  const lease = JSON.parse(body) as KubeObject;
  return { path, body: JSON.stringify({ ...lease, metadata: { ...lease.metadata, name } }) };
}

/** Which process of a slot leads, and until when, as the API server's answers to its renewals say. */
export class Leadership {
  readonly #renewedAt = new Map<string, number>();
  readonly #onTaken: () => void;
  #holder: string | undefined;

  /** `onTaken` is told when another process than before holds the Lease. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** A request about the Lease was answered. */
  answered(process: string, { method, at }: Recorded, { status }: Answer): void {
    if (method === "GET" || status > 299) return;
    this.#renewedAt.set(process, at);
    if (this.#holder === process) return;
    this.#holder = process;
    this.#onTaken();
  }

  /** Why nothing that this process sends may have an effect any more; undefined while it may. */
  over(process: string, sentAt: number): string | undefined {
    if (this.#holder !== process) return `${this.#holder ?? "nobody"} led by then`;
    const age = sentAt - (this.#renewedAt.get(process) ?? Number.NEGATIVE_INFINITY);
    if (age <= PACE.renewDeadlineSeconds * 1000 + SLACK_MILLISECONDS) return undefined;
    return `${(age / 1000).toFixed(1)} s after its last renewal`;
  }
}

/** Did this answer say that something was changed? What is as it was before has the version that it had. */
export function hadEffect({ status, body }: Answer, latest: string): boolean {
  if (status > 299) return false;
  const { kind, metadata } = recordOf(JSON.parse(body));
  const version = recordOf(metadata)["resourceVersion"];
  return kind === "Status" || typeof version !== "string" || isNewer(version, latest);
}

/** Somebody who is none of ours takes the Lease, as a person with the rights can. */
export async function stealLease(api: Api, token: string): Promise<void> {
  const at = { name: leaseName(token), namespace: SYSTEM_NAMESPACE };
  const spec = { holderIdentity: "somebody-else", renewTime: new Date().toISOString().replace("Z", "000Z") };
  // A renewal may come between; without a resourceVersion ours wins all the same.
  for (let tries = 1; ; tries += 1) {
    try {
      await api.patch(KINDS.Lease, at, { spec });
      return;
    } catch (error) {
      if (!isApiError(error, 409) || tries === 5) throw error;
      await sleep(20);
    }
  }
}
