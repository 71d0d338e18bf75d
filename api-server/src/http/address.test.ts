import { Socket } from "node:net";
import { expect, test } from "vitest";
import { addressOf } from "./address.ts";

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
