import { setTimeout as sleep } from "node:timers/promises";
import { KINDS, objectPath, type Transport } from "@leanvibe/runtime";
import { TENANTS } from "@leanvibe/schema";
import { z } from "zod";
import { applyManifests, installManifests } from "./manifests.ts";

const POLL_MILLISECONDS = 100;

/**
 * Puts kinds, policies and the operator's rights into a cluster and resolves when the API server serves the kinds.
 * Repeating it changes nothing. @throws ApiError when we may not, Error after 30 s without the kinds.
 */
export async function install(transport: Transport, signal?: AbortSignal): Promise<void> {
  await applyManifests(transport, await installManifests());
  const path = objectPath(KINDS.CustomResourceDefinition, { name: `${TENANTS.plural}.${TENANTS.group}` });
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(POLL_MILLISECONDS, undefined, { signal })) {
    const { status } = conditioned.parse(await transport.send({ method: "GET", path }));
    if (status.conditions.some(({ type, status: value }) => type === "Established" && value === "True")) return;
  }
  throw new Error(
    "the API server did not begin to serve Tenants within 30 s; see kubectl describe crd tenants.leanvibe.io",
  );
}

/** Waits until the Tenant is Ready, telling what it waits for. @throws Error with the condition's own words after `seconds`. */
export async function waitForTenant(
  transport: Transport,
  name: string,
  options: { seconds: number; tell: (message: string) => void; signal: AbortSignal },
): Promise<void> {
  const { seconds, tell, signal } = options;
  const path = objectPath(TENANTS, { name });
  let message = "the operator has not looked at it yet";
  for (
    const end = Date.now() + seconds * 1000;
    Date.now() < end;
    await sleep(POLL_MILLISECONDS, undefined, { signal })
  ) {
    const { metadata, status } = conditioned.parse(await transport.send({ method: "GET", path }));
    const ready = status.conditions.find(({ type }) => type === "Ready");
    // A status of an earlier generation speaks of another Tenant than the one that is there now.
    if (status.observedGeneration !== metadata.generation) continue;
    if (ready?.status === "True") return;
    if (ready !== undefined && ready.message !== message) tell(ready.message);
    message = ready?.message ?? message;
  }
  throw new Error(`Tenant ${name} is not Ready after ${seconds} s: ${message}`);
}

/** An object with conditions, as the API server gives it; one that has no status yet has none. */
const conditioned = z.object({
  metadata: z.object({ generation: z.int().optional() }),
  status: z
    .object({
      observedGeneration: z.int().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string() })).default([]),
    })
    .default({ conditions: [] }),
});
