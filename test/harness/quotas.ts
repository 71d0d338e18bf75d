import { createMetrics, Informers, KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { isQuantity, parseQuantity } from "@leanvibe/schema";
import { pino } from "pino";
import { connectAs } from "./cluster.ts";

/** What one watch of quotas saw; its events come in the order in which they were written, so each prefix is a state that was. */
export type WatchedQuotas = { readonly writes: number; readonly violations: readonly string[]; stop(): Promise<void> };

/**
 * Looks after every write at the sum of what these namespaces may hold, resource by resource, and notes where it exceeds
 * its bound.
 */
export async function watchQuotas(
  namespaces: readonly string[],
  bounds: Record<string, string>,
): Promise<WatchedQuotas> {
  const watched = new Set(namespaces);
  const seen = { writes: 0, violations: [] as string[] };
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
  await informers.start();
  return {
    get writes() {
      return seen.writes;
    },
    violations: seen.violations,
    async stop() {
      await informers.stop();
      await transport.close();
    },
  };
}

/** The most that may run in the namespace: what is asked for, what is enforced, what is in use. */
function heldOf(quota: KubeObject, resource: string): bigint {
  const status = recordOf(quota["status"]);
  const amounts = [recordOf(recordOf(quota["spec"])["hard"]), recordOf(status["hard"]), recordOf(status["used"])];
  return amounts
    .map((amount) => amount[resource])
    .map((text) => (typeof text === "string" && isQuantity(text) ? parseQuantity(text) : 0n))
    .reduce((a, b) => (a > b ? a : b));
}
