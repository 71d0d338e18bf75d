import { isIP } from "node:net";
import rateLimit from "@fastify/rate-limit";
import type { FastifyRequest } from "fastify";

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const IPV6_PREFIX = 64;
const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;

/**
 * The address of whoever asks, as PostgreSQL takes it: without a port, which some proxies write, a zone, or an IPv6 coat
 * around an IPv4 address. What a proxy wrote and is no address is left out; the one who connected to us always has one.
 */
export function addressOf({ ip, socket }: Pick<FastifyRequest, "ip" | "socket">): string {
  return plain(ip) ?? plain(socket.remoteAddress ?? "") ?? "127.0.0.1";
}

/** By what callers are told apart where they are counted. */
export function callerKey(request: Pick<FastifyRequest, "ip" | "socket">): string {
  return networkOf(addressOf(request));
}

/** Who has an IPv6 address mostly has a whole /64 of them, and could come from another one each time. */
export function networkOf(address: string): string {
  return rateLimit.normalizeIP(address, IPV6_PREFIX);
}

function plain(text: string): string | undefined {
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  const [bare = ""] = (bracketed ?? dotted ?? text).split("%");
  const address = MAPPED.exec(bare)?.[1] ?? bare;
  return isIP(address) === 0 ? undefined : address;
}
