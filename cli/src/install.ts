import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, type KubeObject, objectPath, type Transport } from "@leanvibe/runtime";
import { GROUP, TENANT } from "@leanvibe/schema";
import { applyManifests, installManifests } from "./manifests.ts";

/**
 * Puts kinds, policies and the operator's rights into a cluster and resolves when the API server serves the kinds.
 * Repeating it changes nothing. @throws ApiError when we may not, Error after 30 s without the kinds.
 */
export async function install(transport: Transport): Promise<void> {
  await applyManifests(transport, await installManifests());
  const path = objectPath(KINDS.CustomResourceDefinition, { name: `${TENANT.plural}.${GROUP}` });
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    if (isTrue(await transport.send({ method: "GET", path }), "Established")) return;
  }
  throw new Error(
    "the API server did not begin to serve Tenants within 30 s; see kubectl describe crd tenants.leanvibe.io",
  );
}

/** Waits until the Tenant is Ready, telling what it waits for. @throws Error with the condition's own words after `seconds`. */
export async function waitForTenant(
  transport: Transport,
  path: string,
  { seconds, tell }: { seconds: number; tell: (message: string) => void },
): Promise<KubeObject> {
  let message = "the operator has not looked at it yet";
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    const tenant = (await transport.send({ method: "GET", path })) as KubeObject;
    if (isTrue(tenant, "Ready")) return tenant;
    const now = conditionsOf(tenant).find(({ type }) => type === "Ready")?.message ?? message;
    if (now !== message) tell(now);
    message = now;
  }
  throw new Error(`not Ready after ${seconds} s: ${message}`);
}

function isTrue(object: unknown, type: string): boolean {
  return conditionsOf(object).some((condition) => condition.type === type && condition.status === "True");
}

function conditionsOf(object: unknown): { type: string; status: string; message?: string }[] {
  const { status } = object as { status?: { conditions?: { type: string; status: string; message?: string }[] } };
  return status?.conditions ?? [];
}
