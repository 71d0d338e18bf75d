import { Cache, type MergePatch } from "@leanvibe/runtime";
import { ANNOTATIONS } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { readJob } from "./read.ts";
import { ago, job, NOW, object } from "./testing/cases.ts";
import { timeLeftIn, toGoOn, toItsTime, toRest } from "./time-left.ts";
import { trimJob } from "./trim.ts";
import type { Job } from "./world.ts";

const at = (seconds: number) => Date.parse(ago(seconds));
const note = (seconds: number, since: number) => ({
  metadata: { annotations: { [ANNOTATIONS.timeLeft]: `${seconds}@${since / 1000}` } },
});
const left = (seconds: number, since: number) => ({ timeLeft: { seconds, since } });
const RESTS = { suspended: true, resting: true };

/** The Job controller as it is: it judges a deadline first, and then resets the start of what goes on. */
class Played {
  #seconds = NOW.getTime() / 1000;
  #spec = { suspend: false, activeDeadlineSeconds: 300 };
  #annotations: object = {};
  #startTime: string | undefined = NOW.toISOString();
  #rests = false;
  readonly #keepsStart: boolean;

  constructor(keepsStart: boolean) {
    this.#keepsStart = keepsStart;
  }

  now = () => new Date(this.#seconds * 1000);
  passes(seconds: number): void {
    this.#seconds += seconds;
  }

  patch({ metadata, spec }: MergePatch): void {
    this.#spec = { ...this.#spec, ...spec };
    this.#annotations = { ...this.#annotations, ...metadata?.annotations };
  }

  job(): Job {
    const metadata = { ...object.metadata, creationTimestamp: ago(0), annotations: { ...this.#annotations } };
    const conditions = [{ type: "Suspended", status: this.#rests ? "True" : "False" }];
    const live = { ...object, metadata, spec: this.#spec, status: { startTime: this.#startTime, conditions } };
    return readJob(trimJob(live), new Cache());
  }

  looks(): "fine" | "late" {
    if (this.#spec.suspend) {
      this.#rests = true;
      if (!this.#keepsStart) this.#startTime = undefined;
      return "fine";
    }
    this.#startTime ??= this.now().toISOString();
    const worked = this.#seconds - Date.parse(this.#startTime) / 1000;
    if (worked >= this.#spec.activeDeadlineSeconds) return "late";
    if (this.#rests) this.#startTime = this.now().toISOString();
    this.#rests = false;
    return "fine";
  }
}

describe("what is left of a task's time", () => {
  it.each<[string, Partial<Job>, object]>([
    ["is what the work took less", { deadlineSeconds: 100, startedAt: at(30) }, note(70, at(30))],
    ["is never nothing", { deadlineSeconds: 10, startedAt: at(10) }, note(1, at(10))],
    ["is never less", { deadlineSeconds: 10, startedAt: at(30) }, note(1, at(30))],
    ["is all of it where nobody began", { deadlineSeconds: 100, startedAt: undefined }, {}],
    [
      "is that of the last rest less",
      { ...left(70, at(900)), deadlineSeconds: 70, startedAt: at(30) },
      note(40, at(30)),
    ],
    [
      "is that also where the deadline has room yet",
      { ...left(70, at(900)), deadlineSeconds: 1_030, startedAt: at(30) },
      note(40, at(30)),
    ],
    [
      "stays what it was where nobody began anew: 1.35, with the old start",
      { ...left(70, at(900)), deadlineSeconds: 1_030, startedAt: at(900), resting: true },
      {},
    ],
    [
      "stays what it was where nobody began anew: 1.36, without a start",
      { ...left(70, at(900)), deadlineSeconds: 70, startedAt: undefined, resting: true },
      {},
    ],
    ["is not noted of a Job without a deadline", { deadlineSeconds: undefined }, {}],
  ])("when it is told to rest, %s, and its deadline stays", (_what, of, noted) => {
    expect(toRest(job(of), NOW)).toEqual({ ...noted, spec: { suspend: true } });
  });

  it("counts each begun second of the work", () => {
    const { metadata } = toRest(job({ deadlineSeconds: 70, startedAt: at(1) }), new Date(NOW.getTime() + 1));
    expect(metadata).toEqual(note(68, at(1)).metadata);
  });

  it.each<[string, Partial<Job>, object]>([
    [
      "has room for the old start, which 1.35 judges it by",
      { ...RESTS, ...left(70, at(900)), deadlineSeconds: 100, startedAt: at(900) },
      { spec: { suspend: false, activeDeadlineSeconds: 70 + 900 + 60 } },
    ],
    [
      "is the deadline where 1.36 has taken the start away",
      { ...RESTS, ...left(70, at(900)), deadlineSeconds: 100, startedAt: undefined },
      { spec: { suspend: false, activeDeadlineSeconds: 70 } },
    ],
    [
      "is all of it where nobody began",
      { ...RESTS, deadlineSeconds: 100, startedAt: undefined },
      { spec: { suspend: false } },
    ],
    [
      "is the deadline of a Job without a note: an earlier release, or somebody else, told it to rest",
      { ...RESTS, deadlineSeconds: 70, startedAt: at(900) },
      { ...note(70, at(900)), spec: { suspend: false, activeDeadlineSeconds: 70 + 900 + 60 } },
    ],
    [
      "is noted anew beside a start that is another",
      { ...RESTS, ...left(70, at(900)), deadlineSeconds: 70, startedAt: at(500) },
      { ...note(70, at(500)), spec: { suspend: false, activeDeadlineSeconds: 70 + 500 + 60 } },
    ],
    [
      "is not bounded where the Job is not",
      { ...RESTS, deadlineSeconds: undefined, startedAt: at(900) },
      { spec: { suspend: false } },
    ],
  ])("when it is to go on, %s", (_what, of, patch) => {
    expect(toGoOn(job(of), NOW)).toEqual(patch);
  });

  it.each<[string, Partial<Job>, number | undefined]>([
    ["is its deadline once the new start is seen", { ...left(70, at(900)), deadlineSeconds: 1_030 }, 70],
    ["is written once", { ...left(70, at(900)), deadlineSeconds: 70 }, undefined],
    [
      "is not yet while the start is the old one",
      { ...left(70, at(900)), deadlineSeconds: 1_030, startedAt: at(900) },
      undefined,
    ],
    [
      "is not yet while the Job controller has not seen it go on",
      { ...left(70, at(900)), deadlineSeconds: 1_030, resting: true },
      undefined,
    ],
    ["is not yet without a start", { ...left(70, at(900)), deadlineSeconds: 1_030, startedAt: undefined }, undefined],
    ["is nothing to a Job that rests", { ...RESTS, ...left(70, at(900)), deadlineSeconds: 1_030 }, undefined],
    ["is the deadline of a Job that never rested", {}, undefined],
    [
      "is nothing to a Job that is through",
      { ...left(70, at(900)), finished: { how: "Complete", reason: "", message: "", at: NOW.getTime() } },
      undefined,
    ],
  ])("while it works, %s", (_what, of, seconds) => {
    expect(toItsTime(job(of))).toEqual(
      seconds === undefined ? undefined : { spec: { activeDeadlineSeconds: seconds } },
    );
  });

  it.each([
    ["1.35, which keeps the start", true],
    ["1.36, which takes it away", false],
  ])("is worked off, however often it rests and for however long: %s", (_release, keeps) => {
    const played = new Played(keeps);
    for (const [works, rests] of [
      [100, 10_000],
      [100, 5],
      [0, 1],
      [90, 400],
    ] as const) {
      played.passes(works);
      expect(played.looks()).toBe("fine");
      played.patch(toRest(played.job(), played.now()));
      played.looks();
      played.passes(rests);
      played.patch(toGoOn(played.job(), played.now()));
      played.passes(3);
      expect(played.looks()).toBe("fine");
      const patch = toItsTime(played.job());
      if (patch !== undefined) played.patch(patch);
      expect(toItsTime(played.job())).toBeUndefined();
    }
    played.passes(9);
    expect(played.looks()).toBe("fine");
    played.passes(1);
    expect(played.looks()).toBe("late");
  });

  it.each(["", "soon", "-5@1", "70", "70@", "70@x", "1e3@5"])(
    "is not read from what is no note of ours: %j",
    (text) => {
      expect(timeLeftIn(text)).toBeUndefined();
    },
  );

  it("is never read as nothing", () => {
    expect(timeLeftIn("0@5")).toEqual({ seconds: 1, since: 5_000 });
  });
});
