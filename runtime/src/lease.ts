import { isApiError } from "./errors.ts";
import { apiVersionOf, collectionPath, KINDS, type KubeObject, objectPath, recordOf } from "./kubernetes.ts";
import type { Transport } from "./transport.ts";

export type LeaseOptions = {
  transport: Transport;
  at: { namespace: string; name: string };
  /** Written as holderIdentity. */
  identity: string;
  leaseSeconds: number;
};

/** Who holds it; empty when it was released. */
export function holderOf(lease: KubeObject): string {
  return String(recordOf(lease["spec"])["holderIdentity"] ?? "");
}

/** How long its holder counts on not being replaced. */
export function durationOf(lease: KubeObject): number {
  return Number(recordOf(lease["spec"])["leaseDurationSeconds"] ?? 0) * 1000;
}

export type Lease = ReturnType<typeof leaseAt>;

/** The requests about one Lease. Every write says which version it is based on, so that of two only one succeeds. */
export function leaseAt({ transport, at, identity, leaseSeconds }: LeaseOptions) {
  const path = objectPath(KINDS.Lease, at);
  const mine = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(leaseSeconds) };
  const write = async (live: KubeObject, spec: Record<string, unknown>, signal: AbortSignal) =>
    (await transport.send({
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { metadata: { resourceVersion: live.metadata.resourceVersion }, spec },
      signal,
    })) as KubeObject;
  return {
    /** Undefined where there is none yet. */
    async read(signal: AbortSignal): Promise<KubeObject | undefined> {
      try {
        return (await transport.send({ method: "GET", path, signal })) as KubeObject;
      } catch (error) {
        if (isApiError(error, 404)) return undefined;
        throw error;
      }
    },
    async create(signal: AbortSignal): Promise<KubeObject> {
      const spec = { ...mine, acquireTime: microTime(), renewTime: microTime(), leaseTransitions: 0 };
      return (await transport.send({
        method: "POST",
        path: collectionPath(KINDS.Lease, at.namespace),
        body: { apiVersion: apiVersionOf(KINDS.Lease), kind: KINDS.Lease.kind, metadata: at, spec },
        signal,
      })) as KubeObject;
    },
    take(live: KubeObject, signal: AbortSignal): Promise<KubeObject> {
      const leaseTransitions = Number(recordOf(live["spec"])["leaseTransitions"] ?? 0) + 1;
      return write(live, { ...mine, acquireTime: microTime(), renewTime: microTime(), leaseTransitions }, signal);
    },
    renew: (live: KubeObject, signal: AbortSignal) => write(live, { renewTime: microTime() }, signal),
    release: (live: KubeObject, signal: AbortSignal) =>
      write(live, { holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime() }, signal),
  };
}

/** metav1.MicroTime has six digits. For people: nobody of ours decides by it. */
function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
