import { describe, expect, it } from "vitest";
import { Contests } from "./contest.ts";

const FENCE = "LimitRange acme/leanvibe";

/** Contests on a clock of the test's own, in seconds. */
function arena() {
  const clock = { seconds: 0 };
  const contests = new Contests(() => clock.seconds * 1000);
  /** Somebody changes it; we put it back where we may. True when we did. */
  const revert = (wanted = "hash", name = FENCE) => {
    if (!contests.mayWrite(name, wanted)) return false;
    contests.wrote(name, wanted, true);
    return true;
  };
  return { clock, contests, revert };
}

describe("what somebody else keeps changing", () => {
  it("is put back three times at once, and from then on once in ten seconds", () => {
    const { clock, revert } = arena();
    const reverts: number[] = [];
    for (let tick = 0; tick < 400; tick += 1) {
      clock.seconds = tick / 10;
      if (revert()) reverts.push(clock.seconds);
    }
    expect(reverts).toEqual([0, 0.1, 0.2, 10.2, 20.2, 30.2]);
  });

  it("is named from the third time on, with when to look again, until a quiet minute has passed", () => {
    const { clock, contests, revert } = arena();
    revert();
    revert();
    expect(contests.among([FENCE])).toBeUndefined();
    revert();
    expect(contests.among([FENCE, "Namespace acme"])).toEqual({ names: [FENCE], againMilliseconds: 10_000 });
    clock.seconds = 10;
    expect(contests.among([FENCE])).toEqual({ names: [FENCE], againMilliseconds: 50_000 });
    clock.seconds = 60;
    expect(contests.among([FENCE])).toBeUndefined();
    expect([revert(), revert(), revert(), revert()], "all is forgotten").toEqual([true, true, true, false]);
  });

  it("is written at once when something else is wanted of it", () => {
    const { revert } = arena();
    for (let nth = 0; nth < 4; nth += 1) revert();
    expect([revert("changed"), revert("changed")]).toEqual([true, true]);
  });

  it("is no fight when what we want changes each time: a quota's lease", () => {
    const { contests } = arena();
    for (let nth = 0; nth < 100; nth += 1) {
      expect(contests.mayWrite(FENCE, `hash-${nth}`)).toBe(true);
      contests.wrote(FENCE, `hash-${nth}`, false);
    }
    expect(contests.among([FENCE])).toBeUndefined();
  });

  it("keeps nothing else from being written", () => {
    const { revert } = arena();
    for (let nth = 0; nth < 9; nth += 1) revert();
    expect(revert("hash", "LimitRange other/leanvibe")).toBe(true);
  });

  it("is remembered in bounded memory, a fight that goes on longest", () => {
    const { contests, revert } = arena();
    for (let nth = 0; nth < 3; nth += 1) revert();
    for (let nth = 0; nth < 4_000; nth += 1) contests.wrote(`LimitRange n-${nth}/leanvibe`, "hash", false);
    expect(revert()).toBe(false);
    for (let nth = 0; nth < 4_096; nth += 1) contests.wrote(`LimitRange m-${nth}/leanvibe`, "hash", false);
    expect(revert()).toBe(true);
  });
});
