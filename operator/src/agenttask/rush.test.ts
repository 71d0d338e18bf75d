import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rush } from "./rush.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const after = (milliseconds: number) => vi.advanceTimersByTime(milliseconds);

/** One in which Jobs are made for so many milliseconds. */
function rushOf(milliseconds: number, waiting: readonly string[]) {
  const told: string[] = [];
  const rush = new Rush(() => Date.now());
  rush.begins();
  for (const key of waiting) rush.waits(key);
  after(milliseconds);
  rush.ends((key) => told.push(key));
  return { rush, told };
}

describe("of tasks that begin at once, what is said", () => {
  it("waits for as long again as their Jobs took, in which their pods come", () => {
    const { rush, told } = rushOf(4_000, ["a", "b", "c"]);
    rush.waitsNoMore("b");
    after(3_999);
    expect([rush.lasts, told]).toEqual([true, []]);
    after(1);
    expect([rush.lasts, told]).toEqual([false, ["a", "c"]]);
  });

  it("[tasks are made without a rest for an hour] waits no more than a minute after it", () => {
    const { rush, told } = rushOf(3_600_000, ["a"]);
    after(59_999);
    expect([rush.lasts, told]).toEqual([true, []]);
    after(1);
    expect([rush.lasts, told]).toEqual([false, ["a"]]);
  });

  it("waits hardly at all of one that begins alone", () => {
    const { rush, told } = rushOf(20, ["alone"]);
    after(20);
    expect([rush.lasts, told]).toEqual([false, ["alone"]]);
  });

  it("waits no shorter because another began meanwhile, and is told once", () => {
    const { rush, told } = rushOf(4_000, ["a"]);
    rush.begins();
    rush.waits("b");
    after(20);
    rush.ends((key) => told.push(key));
    after(3_979);
    expect([rush.lasts, told]).toEqual([true, []]);
    after(10_000);
    expect([rush.lasts, told]).toEqual([false, ["a", "b"]]);
  });
});
