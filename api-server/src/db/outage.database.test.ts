import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, buildApp } from "../app.ts";
import { signedIn, type TestParts, testParts, testTenant, testUser } from "../testing/parts.ts";
import { type Relay, relayTo } from "../testing/relay.ts";

let running: TestParts;
let relay: Relay;
let app: App;
let headers: { authorization: string };

beforeAll(async () => {
  relay = await relayTo(process.env["LEANVIBE_TEST_DATABASE"] ?? "");
  running = await testParts({}, (url) => relay.url(url));
  app = await buildApp(running.parts);
  const tenant = await testTenant(running.parts);
  headers = (await signedIn(app, tenant, await testUser(running.parts, tenant))).headers;
});

afterAll(async () => {
  relay.mend();
  await app.close();
  await running.close();
  await relay.close();
});

const read = () => app.inject({ url: "/api/v1/projects", headers });
const write = (name: string) => app.inject({ method: "POST", url: "/api/v1/projects", headers, body: { name } });

describe("a database", () => {
  test.each([
    ["that is cut off", () => relay.cut()],
    ["that says nothing any more", () => relay.freeze()],
  ])(
    "%s costs 503 with Retry-After, for reads and writes, and nothing when it is back",
    async (how, lose) => {
      expect((await read()).statusCode).toBe(200);
      lose();
      // Longer than a session's state is believed.
      await sleep(1_000);
      const begun = performance.now();
      for (const answer of await Promise.all([read(), write("lost"), read(), write("lost too")])) {
        expect([answer.statusCode, answer.json().error_code]).toEqual([503, "DATABASE_UNAVAILABLE"]);
        expect(answer.headers["retry-after"]).toBe("5");
      }
      expect(performance.now() - begun).toBeLessThan(12_000);
      relay.mend();
      const back = performance.now();
      while ((await write(`after: ${how}`)).statusCode !== 201 && performance.now() - back < 10_000) await sleep(100);
      expect(performance.now() - back).toBeLessThan(5_000);
      const names = (await read()).json().map(({ name }: { name: string }) => name);
      expect(names).toContain(`after: ${how}`);
      expect(names).not.toContain("lost");
    },
    60_000,
  );
});
