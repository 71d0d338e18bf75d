import type { Endpoint, Port } from "./judge.ts";
import { AGENT, API_PODS, API_SERVER, GATEWAY, METADATA, PARTIES, type Party } from "./world.ts";

/**
 * Who may talk with whom, said as rules about Tenants and nothing else: neither labels nor selectors nor policies are
 * looked at, so this and the policies can only agree if both are right.
 */
export function mayTalk(source: Endpoint, destination: Endpoint, port: Port): boolean {
  return (isAgent(source) ? mayAgentLeave : mayLeave)(source, destination, port) && mayEnter(source, destination);
}

/** An agent asks for names, speaks to the API server and to the gateway, and that is all, whatever its Tenant may. */
function mayAgentLeave(_source: Endpoint, destination: Endpoint, { protocol, number }: Port): boolean {
  if (isClusterDns(destination) && number === 53) return protocol !== "SCTP";
  if (protocol !== "TCP") return false;
  return (
    (number === API_SERVER.port && API_SERVER.ips.includes(destination.ip)) ||
    (number === GATEWAY.port && [...GATEWAY.ips, ...API_PODS].includes(destination.ip))
  );
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
  if (isAgent(destination)) return false;
  const tenant = tenantOf(destination);
  return tenant === undefined || tenantOf(source) === tenant || (tenant.talksWith ?? []).includes(source.namespace);
}

function isAgent(endpoint: Endpoint): boolean {
  return AGENT in endpoint.labels && tenantOf(endpoint) !== undefined;
}

/** The Tenant that lists the namespace. An earlier one of the same name is another one. */
function tenantOf({ namespace }: Endpoint): Party | undefined {
  return PARTIES.find(({ namespaces }) => namespaces.includes(namespace));
}

function isClusterDns({ ip }: Endpoint): boolean {
  return ip === "10.200.0.1" || ip === "fd01:200::1";
}
