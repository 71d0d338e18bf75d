import type { Endpoint, Port } from "./judge.ts";
import { METADATA, PARTIES, type Party } from "./world.ts";

/**
 * Who may talk with whom, said as rules about Tenants and nothing else: neither labels nor selectors nor policies are
 * looked at, so this and the policies can only agree if both are right.
 */
export function mayTalk(source: Endpoint, destination: Endpoint, port: Port): boolean {
  return mayLeave(source, destination, port) && mayEnter(source, destination);
}

function mayLeave(source: Endpoint, destination: Endpoint, { protocol, number }: Port): boolean {
  const tenant = tenantOf(source);
  if (tenant === undefined) return true;
  if (METADATA.includes(destination.ip)) return false;
  if (isClusterDns(destination) && number === 53 && protocol !== "SCTP") return true;
  return (
    tenantOf(destination) === tenant ||
    (tenant.talksWith ?? []).includes(destination.namespace) ||
    // Addresses of pods are addresses too: what the other end lets in is its own rule.
    (tenant.reaches?.(destination.ip) ?? false)
  );
}

function mayEnter(source: Endpoint, destination: Endpoint): boolean {
  const tenant = tenantOf(destination);
  return tenant === undefined || tenantOf(source) === tenant || (tenant.talksWith ?? []).includes(source.namespace);
}

/** The Tenant that lists the namespace. An earlier one of the same name is another one. */
function tenantOf({ namespace }: Endpoint): Party | undefined {
  return PARTIES.find(({ namespaces }) => namespaces.includes(namespace));
}

function isClusterDns({ ip }: Endpoint): boolean {
  return ip === "10.200.0.1" || ip === "fd01:200::1";
}
