import {
  type Applier,
  allOf,
  apiVersionOf,
  collectionPath,
  type Informer,
  type KubeObject,
  labelOf,
  recordOf,
} from "@leanvibe/runtime";
import { LABELS, type Tenant } from "@leanvibe/schema";
import type { Family } from "./family.ts";
import { isOrWasSuspended, SUSPENDABLE, suspensionOf } from "./suspend.ts";

/**
 * Listed while a Tenant is at a stop, or was: to watch every pod of the cluster for it would cost more than all else we
 * hold. A list of one namespace is answered from the API server's own cache.
 */
export async function workloadsOf(
  tenant: Tenant,
  { parent }: Family,
  { namespaces, applier }: { namespaces: Informer; applier: Applier },
): Promise<KubeObject[]> {
  const own = namespaces.cache
    .by(LABELS.tenant, tenant.metadata.name)
    .filter((namespace) => labelOf(namespace, LABELS.tenantUid) === tenant.metadata.uid);
  if (tenant.metadata.deletionTimestamp !== undefined) return [];
  if (suspensionOf(tenant, parent) === undefined && !isOrWasSuspended(own)) return [];
  const lists = own
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap(({ metadata }) =>
      SUSPENDABLE.map(async (kind) => {
        const path = collectionPath(kind, metadata.name);
        const list = recordOf(await applier.transport.send({ method: "GET", path }));
        // The items of a list do not say what they are.
        const items = Array.isArray(list["items"]) ? list["items"] : [];
        return items.map((item: KubeObject) => ({ ...item, kind: kind.kind, apiVersion: apiVersionOf(kind) }));
      }),
    );
  return (await allOf(lists)).flat();
}
