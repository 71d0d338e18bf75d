import type { MergePatch } from "@leanvibe/runtime";
import { ANNOTATIONS } from "@leanvibe/schema";
import type { Job, TimeLeft } from "./world.ts";

/**
 * How a task that rests keeps what is left of its time. The Job controller counts a deadline anew whenever a Job goes on, so
 * that who is told to rest again and again would have no end. And it judges the deadline before it resets the start: up to
 * Kubernetes 1.35, which keeps a resting Job's start, a deadline that was lowered meanwhile, or a rest that was longer than
 * it, would end the task at the moment in which it goes on. So what is left is noted beside the deadline; who goes on gets
 * room for the old start, and only when the new one is seen, that which is left.
 */

/** Between our word to go on and the Job controller's look at it. */
const ROOM_SECONDS = 60;
const NOTE = /^(\d{1,10})@(\d{1,12})$/;

/** Of the annotation's text; undefined where there is none, or none of ours. */
export function timeLeftIn(text: string | undefined): TimeLeft | undefined {
  const [, seconds, since] = NOTE.exec(text ?? "") ?? [];
  if (seconds === undefined || since === undefined) return undefined;
  return { seconds: Math.max(1, Number(seconds)), since: Number(since) * 1000 };
}

/** To rest. Who has not begun since the last note keeps it. */
export function toRest(job: Job, now: Date): MergePatch {
  const { startedAt, deadlineSeconds } = job;
  const spec = { suspend: true };
  // Told to go on a moment ago, which the Job controller has not seen: its start is still the one before.
  if (startedAt === undefined || deadlineSeconds === undefined || job.resting) return { spec };
  const worked = Math.max(0, Math.ceil((now.getTime() - startedAt) / 1000));
  // A deadline of 0 would be no bound.
  const seconds = Math.max(1, (job.timeLeft?.seconds ?? deadlineSeconds) - worked);
  return { ...noted({ seconds, since: startedAt }), spec };
}

/** To go on, with room for a start that is still the old one. A Job that no note is of has its time in its deadline. */
export function toGoOn(job: Job, now: Date): MergePatch {
  const { startedAt, deadlineSeconds, timeLeft } = job;
  if (startedAt === undefined) {
    return { spec: { suspend: false, ...(timeLeft && { activeDeadlineSeconds: timeLeft.seconds }) } };
  }
  const left = timeLeft?.seconds ?? deadlineSeconds;
  if (left === undefined) return { spec: { suspend: false } };
  const since = Math.max(0, Math.ceil((now.getTime() - startedAt) / 1000));
  const spec = { suspend: false, activeDeadlineSeconds: left + since + ROOM_SECONDS };
  return timeLeft?.since === startedAt ? { spec } : { ...noted({ seconds: left, since: startedAt }), spec };
}

/** Once it is seen to have begun anew, its deadline is what was left; undefined where it is so, or nothing is noted. */
export function toItsTime(job: Job): MergePatch | undefined {
  const seconds = noteInForce(job)?.seconds;
  if (seconds === undefined || job.deadlineSeconds === seconds) return undefined;
  return { spec: { activeDeadlineSeconds: seconds } };
}

/** The note that the present work began with: it is of a start before. */
function noteInForce({ timeLeft, startedAt, suspended, resting, finished }: Job): TimeLeft | undefined {
  if (suspended || resting || finished !== undefined || startedAt === undefined) return undefined;
  return timeLeft === undefined || timeLeft.since === startedAt ? undefined : timeLeft;
}

function noted({ seconds, since }: TimeLeft): Pick<MergePatch, "metadata"> {
  return { metadata: { annotations: { [ANNOTATIONS.timeLeft]: `${seconds}@${Math.floor(since / 1000)}` } } };
}
