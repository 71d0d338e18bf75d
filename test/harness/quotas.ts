import { createMetrics, Informers, KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { isQuantity, parseQuantity } from "@leanvibe/schema";
import { pino } from "pino";
import { connectAs } from "./cluster.ts";

/** What one watch of quotas saw; its events come in the order in which they were written, so each prefix is a state that was. */
export type WatchedQuotas = {
  readonly writes: number;
  /** Writes after which more could have run than the bounds allow. */
  readonly violations: readonly string[];
  /**
   * Moments at which more pods were there than the CPU bound allows. Kubernetes itself lets that happen: its quota
   * controller counts anew from a cache that may not have seen the pod that was just admitted.
   */
  readonly podsOver: readonly string[];
  stop(): Promise<void>;
};

/**
 * Looks after every write at the sum of what these namespaces may hold, resource by resource, and notes where it exceeds
 * its bound.
 */
export async function watchQuotas(
  namespaces: readonly string[],
  bounds: Record<string, string>,
): Promise<WatchedQuotas> {
  const watched = new Set(namespaces);
  const seen = { writes: 0, violations: [] as string[], podsOver: [] as string[] };
  const transport = await connectAs();
  const informers = new Informers({ transport, log: pino({ level: "warn" }), metrics: createMetrics().watch });
  const quotas = informers.of(KINDS.ResourceQuota, { selectors: { labelSelector: "leanvibe.io/tenant" } });
  quotas.subscribe(({ before, after }) => {
    if (!watched.has((after ?? before)?.metadata.namespace ?? "")) return;
    seen.writes += 1;
    const all = [...quotas.cache.all()].filter(({ metadata }) => watched.has(metadata.namespace ?? ""));
    for (const [resource, bound] of Object.entries(bounds)) {
      const held = all.reduce((sum, quota) => sum + heldOf(quota, resource), 0n);
      if (held > parseQuantity(bound)) seen.violations.push(`write ${seen.writes}: ${resource} ${held} of ${bound}`);
    }
  });
  const pods = informers.of(KINDS.Pod);
  pods.subscribe(({ after }) => {
    if (!watched.has(after?.metadata.namespace ?? "")) return;
    const live = [...pods.cache.all()].filter(
      ({ metadata }) => watched.has(metadata.namespace ?? "") && metadata.deletionTimestamp === undefined,
    );
    const cpu = live.reduce((sum, pod) => sum + cpuOf(pod), 0n);
    const bound = bounds["limits.cpu"];
    if (bound !== undefined && cpu > parseQuantity(bound)) seen.podsOver.push(`${live.length} pods of ${cpu} CPU`);
  });
  await informers.start();
  return {
    get writes() {
      return seen.writes;
    },
    violations: seen.violations,
    podsOver: seen.podsOver,
    async stop() {
      await informers.stop();
      await transport.close();
    },
  };
}

function cpuOf({ spec }: KubeObject): bigint {
  const containers: unknown[] = [recordOf(spec)["containers"]].flat();
  return containers.reduce<bigint>((sum, container) => {
    const cpu = recordOf(recordOf(recordOf(container)["resources"])["limits"])["cpu"];
    return sum + (typeof cpu === "string" && isQuantity(cpu) ? parseQuantity(cpu) : 0n);
  }, 0n);
}

/** The most that may run in the namespace: what is asked for, what is enforced, what is in use. */
export function heldOf(quota: KubeObject, resource: string): bigint {
  const status = recordOf(quota["status"]);
  const amounts = [recordOf(recordOf(quota["spec"])["hard"]), recordOf(status["hard"]), recordOf(status["used"])];
  return amounts
    .map((amount) => amount[resource])
    .map((text) => (typeof text === "string" && isQuantity(text) ? parseQuantity(text) : 0n))
    .reduce((a, b) => (a > b ? a : b));
}
