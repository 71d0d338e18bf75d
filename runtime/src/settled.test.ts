import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ApiError, Waiting } from "./errors.ts";
import { allOf } from "./settled.ts";

const refusal = (retryAfterSeconds: number) =>
  new ApiError("too many", { status: 429, reason: "TooManyRequests", retryAfterSeconds });

describe("all of several", () => {
  it("are given in their order", async () => {
    expect(await allOf([sleep(5, "slow"), Promise.resolve("quick")])).toEqual(["slow", "quick"]);
  });

  it("fail when the last one has ended, with the failure that asks for most patience", async () => {
    let ended = false;
    const slow = sleep(20).then(() => {
      ended = true;
      throw refusal(5);
    });
    const failures = [Promise.reject(new Error("reset")), Promise.reject(refusal(2)), slow];
    await expect(allOf(failures)).rejects.toMatchObject({ retryAfterSeconds: 5 });
    expect(ended).toBe(true);
  });

  it("fail with what is more than a wait", async () => {
    await expect(allOf([Promise.reject(new Waiting("soon", 1)), Promise.reject(new Error("reset"))])).rejects.toThrow(
      "reset",
    );
  });
});
