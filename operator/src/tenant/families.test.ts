import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, Cache, type Informer } from "@leanvibe/runtime";
import { API_VERSION, TENANTS } from "@leanvibe/schema";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Families } from "./families.ts";

test("a member that the API server asked for patience is not worked sooner because another one's turn has come", async () => {
  const families = new Families();
  const cache = new Cache(families.indexes);
  const tenants: Informer = {
    kind: TENANTS,
    cache,
    complete: true,
    subscribe: () => undefined,
    catchUp: async () => undefined,
  };
  const spec = { organizationName: "Acme", adminEmail: "ops@acme.test" };
  const member = (name: string, resourceVersion: string, more: object = {}) =>
    cache.put({
      apiVersion: API_VERSION,
      kind: TENANTS.kind,
      metadata: { name, uid: name, resourceVersion },
      spec: { ...spec, ...more },
    });
  member("acme", "1");
  member("acme-east", "2", { parentRef: { name: "acme" } });
  const worked: string[] = [];
  const about = { status: 429, reason: "TooManyRequests", retryAfterSeconds: 0.3 };
  const work = async (name: string) => {
    worked.push(name);
    if (name === "acme") throw new Error("reset");
    if (worked.filter((one) => one === name).length === 1) throw new ApiError("too many", about);
    return {};
  };
  const reconcile = families.reconcile(tenants, work, pino({ level: "silent" }));
  const soon = await reconcile("acme");
  expect(soon.requeueAfterMilliseconds).toBe(50);
  await reconcile("acme");
  expect(worked).toEqual(["acme", "acme-east", "acme"]);
  await sleep(310);
  await reconcile("acme");
  expect(worked).toEqual(["acme", "acme-east", "acme", "acme", "acme-east"]);
});
