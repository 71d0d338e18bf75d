import type { Transport } from "@leanvibe/runtime";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import { type Headers, type TestParts, testParts } from "../testing/parts.ts";
import { Authority } from "./authority.ts";

let running: TestParts;
let app: App;
let asked = 0;

beforeAll(async () => {
  running = await testParts({ SIGN_IN_PER_MINUTE: "5", TRUSTED_PROXIES: "127.0.0.1" });
  const { parts } = running;
  // A cluster that knows nobody, and counts how often it is asked.
  const transport: Transport = {
    send: async () => {
      asked += 1;
      return { status: {} };
    },
    lines: async function* () {},
    close: async () => undefined,
  };
  app = await buildApp({ ...parts, authority: new Authority(parts.database, transport) });
});

afterAll(async () => {
  await app.close();
  await running.close();
});

async function ask(token: string, from: string) {
  const headers: Headers = { authorization: `Bearer ${token}`, "x-forwarded-for": from };
  const answer = await app.inject({ url: "/api/v1/platform/tenants", headers });
  return { status: answer.statusCode, retryAfter: Number(answer.headers["retry-after"]) };
}

const key = new TextEncoder().encode("0".repeat(32));
const jwt = (exp: number | string | undefined) => {
  const made = new SignJWT({ sub: crypto.randomUUID() }).setProtectedHeader({ alg: "HS256" });
  return (exp === undefined ? made : made.setExpirationTime(exp)).sign(key);
};

test("what is no token of a cluster costs the cluster nothing [amplification]", async () => {
  const worthless = ["guess", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", await jwt(undefined), await jwt(1_000_000)];
  for (const [at, token] of worthless.entries()) expect((await ask(token, `10.1.0.${at}`)).status).toBe(401);
  expect(asked).toBe(0);
  expect((await ask(await jwt("1h"), "10.1.1.1")).status).toBe(401);
  expect(asked).toBe(1);
});

test("whoever fails five times within a minute is refused unasked, on every address of their network; others are not [guessing]", async () => {
  const from = (at: number) => `2001:db8:7:7::${at}`;
  for (let at = 0; at < 5; at += 1) expect((await ask(await jwt("1h"), from(at))).status).toBe(401);
  const before = asked;
  const refused = await ask(await jwt("1h"), from(9));
  expect([refused.status, asked - before]).toEqual([429, 0]);
  expect(refused.retryAfter).toBeGreaterThan(0);
  expect((await ask(await jwt("1h"), "2001:db8:7:8::1")).status).toBe(401);
});
