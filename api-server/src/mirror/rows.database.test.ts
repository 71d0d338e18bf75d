import { randomUUID } from "node:crypto";
import { API_VERSION, parseTenant } from "@leanvibe/schema";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Parts } from "../parts.ts";
import { type TestParts, testParts } from "../testing/parts.ts";
import { findRow, makeRows } from "./rows.ts";

let running: TestParts;
let parts: Parts;

beforeAll(async () => {
  running = await testParts();
  parts = running.parts;
});

afterAll(() => running.close());

/** As kubectl applied it. */
function object(name: string, parent?: string) {
  const parsed = parseTenant({
    apiVersion: API_VERSION,
    kind: "Tenant",
    metadata: { name, uid: randomUUID(), resourceVersion: "1" },
    spec: {
      organizationName: name,
      plan: "professional",
      adminEmail: `owner@${name}.example`,
      ...(parent === undefined ? {} : { parentRef: { name: parent } }),
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

test("a child that kubectl applied gets an account under its parent's, and none before that has one", async () => {
  const make = (name: string, parent?: string) => makeRows(parts, object(name, parent), "kubectl");
  await expect(make("shop", "holding")).rejects.toThrow("shop gets no account yet: its parent holding has none");
  await make("holding");
  await make("shop", "holding");
  expect(await findRow(parts.database.worker, "shop")).toMatchObject({ parentName: "holding", managedBy: "kubectl" });
  expect(await findRow(parts.database.worker, "holding")).toMatchObject({ parentName: null });
  await expect(make("stall", "shop")).rejects.toThrow("a parent has no parent");
  expect(await findRow(parts.database.worker, "stall")).toBeUndefined();
});
