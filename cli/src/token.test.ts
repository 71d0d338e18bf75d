import { expect, test } from "vitest";
import { lasting } from "./token.ts";

const MINUTE = 60_000;

/** As the API signs them: ten minutes. */
function tokenOf(second: number): string {
  const payload = Buffer.from(JSON.stringify({ iat: second, exp: second + 600 })).toString("base64url");
  return `head.${payload}.signature`;
}

test("a token is made anew at half of its life, and not before", async () => {
  let now = 0;
  let made = 0;
  const token = lasting(
    async () => tokenOf(++made),
    () => now,
  );
  const first = await token();
  now = 4 * MINUTE;
  expect(await token()).toBe(first);
  now = 6 * MINUTE;
  expect(await token()).not.toBe(first);
  now = 10 * MINUTE;
  await token();
  expect(made).toBe(2);
});

test("while none can be made the last one is used until it is over", async () => {
  let now = 0;
  let away = false;
  const token = lasting(
    async () => {
      if (away) throw new Error("no API runs here");
      return tokenOf(0);
    },
    () => now,
  );
  const first = await token();
  away = true;
  now = 9 * MINUTE;
  expect(await token()).toBe(first);
  now = 10 * MINUTE;
  await expect(token()).rejects.toThrow("no API runs here");
});
