import { lookup as resolveName } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** What is nobody's on the Internet, or only speaks to who is inside. */
const INSIDE: readonly [net: string, prefix: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Of IPv6 what lies in 2000::/3, but for what leads to IPv4 addresses by another way, and examples. */
const NOT_GLOBAL: readonly [net: string, prefix: number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const refused = new BlockList();
for (const [net, prefix] of INSIDE) refused.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of NOT_GLOBAL) refused.addSubnet(net, prefix, "ipv6");
const global = new BlockList();
global.addSubnet("2000::", 3, "ipv6");
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Why nothing is sent somewhere. */
export class TargetRefused extends Error {
  override readonly name = "TargetRefused";
}

/** Whether something may be sent to an address. @param local: also to this machine, where the API itself is on it alone. */
export function isAllowed(address: string, local: boolean): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  if (local && loopback.check(address, family === 6 ? "ipv6" : "ipv4")) return true;
  if (family === 4) return !refused.check(address, "ipv4");
  return global.check(address, "ipv6") && !refused.check(address, "ipv6");
}

/**
 * The URL as it will be asked. Whatever way an address is written in (decimal, octal, hex, IPv6 around IPv4), URL reads it.
 * @throws TargetRefused
 */
export function targetOf(text: string, local: boolean): URL {
  if (!URL.canParse(text)) throw new TargetRefused("it is no URL");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") throw new TargetRefused("it must not name a user");
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isAllowed(host, local)) throw new TargetRefused("its address is not on the Internet");
  const here =
    local && (host === "localhost" || (isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? "ipv6" : "ipv4")));
  if (url.protocol === "https:" || (url.protocol === "http:" && here)) return url;
  throw new TargetRefused("it must begin with https://");
}

export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

export type Resolve = (host: string) => Promise<{ address: string; family: number }[]>;

export const byDns: Resolve = (host) => resolveName(host, { all: true });

/**
 * For the connection itself, so that what was checked is what is connected to: nobody can answer with another address
 * between the two [DNS rebinding]. One address inside is enough to refuse the name.
 */
export function guardedLookup(local: boolean, resolve: Resolve = byDns): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (addresses) => {
        const wrong = addresses.find(({ address }) => !isAllowed(address, local));
        const [first] = addresses;
        if (first === undefined || wrong !== undefined) {
          done(new TargetRefused("its name leads to an address that is not on the Internet"), "", 0);
        } else if (options.all === true) done(null, addresses);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, "", 0),
    );
  };
}

const LOOK_MILLISECONDS = 3_000;

/** At saving; a name that nobody knows yet may be known when it is needed, and is looked at then. @throws TargetRefused */
export async function requireTarget(text: string, local: boolean, resolve: Resolve = byDns): Promise<string> {
  const url = targetOf(text, local);
  const host = hostOf(url);
  if (isIP(host) !== 0) return url.href;
  const late = new Promise<[]>((done) => setTimeout(done, LOOK_MILLISECONDS, []).unref());
  const addresses = await Promise.race([resolve(host).catch(() => []), late]);
  if (addresses.some(({ address }) => !isAllowed(address, local))) {
    throw new TargetRefused("its name leads to an address that is not on the Internet");
  }
  return url.href;
}
