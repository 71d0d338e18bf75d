import { Socket } from "node:net";
import { expect, test } from "vitest";
import { addressOf, callerKey } from "./address.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["192.0.2.7:5678", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8::7", "2001:db8::7"],
  ["[2001:db8::7]:443", "2001:db8::7"],
  ["fe80::1%eth0", "fe80::1"],
  ["unknown", "127.0.0.1"],
  ["", "127.0.0.1"],
  ["1.2.3.4; DROP TABLE users", "127.0.0.1"],
])("%s is the address %s", (ip, address) => {
  expect(addressOf({ ip, socket: new Socket() })).toBe(address);
});

test("a caller is one on any address of their /64, and each IPv4 address is one [evasion]", () => {
  const key = (ip: string) => callerKey({ ip, socket: new Socket() });
  expect(key("2001:db8:1:2::7")).toBe(key("2001:db8:1:2:ffff:1:2:3"));
  expect(key("2001:db8:1:2::7")).not.toBe(key("2001:db8:1:3::7"));
  expect(key("192.0.2.7")).not.toBe(key("192.0.2.8"));
  expect(key("::ffff:192.0.2.7")).toBe(key("192.0.2.7"));
});
