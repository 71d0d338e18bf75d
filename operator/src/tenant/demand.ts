import { type Change, type KubeObject, recordOf } from "@leanvibe/runtime";
import { isQuantity, type Nanos, parseQuantity } from "@leanvibe/schema";
import { type Amounts, eachResource, RESOURCES, readQuota } from "./quota.ts";

/** What a namespace was seen to need, and until when that is remembered (milliseconds since the epoch). */
export type Wanted = {
  amounts: Amounts;
  /** What it was lent before this process began to look: kept for a while, where others have enough to begin. */
  kept: Amounts;
  /** Its use moved a moment ago: leave its quota as it is, or raise it only for what is asked for. */
  rest?: "untouched" | "raised" | undefined;
  until: number;
};

/**
 * Trap: at every change of spec.hard Kubernetes' quota controller counts anew, from a cache of pods that may not have
 * seen the one that was just admitted, and then writes less than is in use; the next look may be minutes away. So a quota
 * is not changed in the moments in which pods come and go.
 */
const UNTOUCHED_MILLISECONDS = 500;
const RAISED_MILLISECONDS = 2_000;

/** A ConfigMap of this name in a namespace asks for room in advance: `cpu`, `memory`, `pods` and `storage` in its data. */
export const ASK_NAME = "leanvibe-quota-ask";
/** Of Events: a controller could not make a pod or a claim. */
export const FAILED_CREATE = "FailedCreate";

/** What is no longer used goes back after this time; so does what was lent for a pod that never came. */
const KEPT_MILLISECONDS = 60_000;
const ASKED_MILLISECONDS = 10 * 60_000;
/** A controller that is refused tries less and less often: each refusal doubles what is lent beside. */
const DOUBLINGS_AT_MOST = 8;

type Need = { source: string; amounts: Amounts; until: number; times: number };

/** The source of what is only kept. */
const LENT = "lent";

/**
 * Remembers what namespaces needed lately. Kept in the process only: after a restart what is lent then is kept for a
 * minute, and the rest is learned anew.
 */
export class Demand {
  readonly #needs = new Map<string, Need[]>();
  /** When the namespace's use moved last, in milliseconds since the epoch. */
  readonly #moved = new Map<string, number>();
  readonly #since: number;

  /** @param since when this process began to look, in milliseconds since the epoch */
  constructor(since: number) {
    this.#since = since;
  }

  /** What the namespace needs, by what is still remembered; undefined for nothing. */
  of(namespace: string, now: number): Wanted | undefined {
    const needs = this.#current(namespace, now);
    const rest = this.#restOf(namespace, now);
    if (needs.length === 0 && rest === undefined) return undefined;
    const highestOf = (some: readonly Need[]) =>
      eachResource((resource) => highest(some.map(({ amounts }) => amounts[resource])));
    return {
      amounts: highestOf(needs.filter(({ source }) => source !== LENT)),
      kept: highestOf(needs.filter(({ source }) => source === LENT)),
      rest: rest?.rest,
      until: Math.min(rest?.until ?? Infinity, ...needs.map(({ until }) => until)),
    };
  }

  #restOf(namespace: string, now: number): { rest: "untouched" | "raised"; until: number } | undefined {
    const moved = this.#moved.get(namespace) ?? Number.NEGATIVE_INFINITY;
    if (now < moved + UNTOUCHED_MILLISECONDS) return { rest: "untouched", until: moved + UNTOUCHED_MILLISECONDS };
    if (now < moved + RAISED_MILLISECONDS) return { rest: "raised", until: moved + RAISED_MILLISECONDS };
    this.#moved.delete(namespace);
    return undefined;
  }

  /** A quota changed: what was in use is kept for a while; of one that was there before us, what it was lent. */
  quotaChanged({ before, after }: Change, now: number): void {
    const namespace = (after ?? before)?.metadata.namespace ?? "";
    if (after === undefined) {
      this.#needs.delete(namespace);
      this.#moved.delete(namespace);
      return;
    }
    if (before === undefined) {
      // One made since then was lent its part by us, for nothing that anybody has used yet.
      if (Date.parse(after.metadata.creationTimestamp ?? "") >= this.#since - 1_000) return;
      this.#remember(
        namespace,
        { source: LENT, amounts: readQuota(after).lent, until: now + KEPT_MILLISECONDS },
        { now },
      );
      return;
    }
    if (
      !covers(readQuota(before).used, readQuota(after).used) ||
      !covers(readQuota(after).used, readQuota(before).used)
    )
      this.#moved.set(namespace, now);
    const [was, is] = [withReserve(readQuota(before).used), withReserve(readQuota(after).used)];
    if (!covers(is, was))
      this.#remember(namespace, { source: `used ${now}`, amounts: was, until: now + KEPT_MILLISECONDS }, { now });
  }

  /** A controller was refused by our quota: lends for what it wanted to make, and more each time. */
  createFailed({ after }: Change, quotaName: string, now: number): void {
    const [namespace, refused] = [after?.metadata.namespace, after && refusalOf(after, quotaName, now)];
    if (namespace === undefined || refused === undefined) return;
    const owner = recordOf(after?.["involvedObject"]);
    const source = `refused ${String(owner["kind"])} ${String(owner["name"])}`;
    const times = this.#current(namespace, now).find((need) => need.source === source)?.times ?? 0;
    const factor = 2n ** BigInt(Math.min(times, DOUBLINGS_AT_MOST));
    const amounts = eachResource((resource) => refused.used[resource] + refused.requested[resource] * factor);
    this.#remember(namespace, { source, amounts, until: now + KEPT_MILLISECONDS }, { now, times: times + 1 });
  }

  /** Somebody asks for room beside what is used, or takes the request back. */
  asked({ before, after }: Change, used: Amounts, now: number): void {
    const namespace = (after ?? before)?.metadata.namespace ?? "";
    this.#forget(namespace, ASK_NAME);
    if (after === undefined) return;
    const data = recordOf(after["data"]);
    const amounts = eachResource((resource) => used[resource] + amountOf(data[resource]));
    this.#remember(namespace, { source: ASK_NAME, amounts, until: now + ASKED_MILLISECONDS }, { now });
  }

  #current(namespace: string, now: number): Need[] {
    return (this.#needs.get(namespace) ?? []).filter(({ until }) => until > now);
  }

  #forget(namespace: string, source: string): void {
    const others = (this.#needs.get(namespace) ?? []).filter((need) => need.source !== source);
    if (others.length === 0) this.#needs.delete(namespace);
    else this.#needs.set(namespace, others);
  }

  #remember(namespace: string, need: Omit<Need, "times">, { now, times = 1 }: { now: number; times?: number }): void {
    this.#forget(namespace, need.source);
    // What asks for less and ends sooner than the new one says nothing any more: the list stays a handful.
    // One that is over is gone here too: an owner can have as many refused as there are names.
    const others = this.#current(namespace, now).filter(
      ({ amounts, until, source }) =>
        until > need.until || !covers(need.amounts, amounts) || source.startsWith("refused"),
    );
    this.#needs.set(namespace, [...others, { ...need, times }]);
  }
}

/** A quarter more than is used, so that what grows does not meet its bound at each step. */
export function withReserve(used: Amounts): Amounts {
  return eachResource((resource) => used[resource] + used[resource] / 4n);
}

function covers(a: Amounts, b: Amounts): boolean {
  return a.cpu >= b.cpu && a.memory >= b.memory && a.pods >= b.pods && a.storage >= b.storage;
}

function highest(amounts: readonly Nanos[]): Nanos {
  return amounts.reduce((a, b) => (a > b ? a : b), 0n);
}

function amountOf(text: unknown): Nanos {
  return typeof text === "string" && isQuantity(text) ? parseQuantity(text) : 0n;
}

/** `exceeded quota: leanvibe, requested: limits.cpu=12,requests.cpu=12, used: limits.cpu=0,..., limited: ...` */
function refusalOf(
  event: KubeObject,
  quotaName: string,
  now: number,
): { requested: Amounts; used: Amounts } | undefined {
  const message = String(event["message"] ?? "");
  const told = Date.parse(String(event["lastTimestamp"] ?? ""));
  // After a restart the API server still tells of the last hour.
  if (!message.includes(`exceeded quota: ${quotaName},`) || now - told > KEPT_MILLISECONDS) return undefined;
  const listed = (name: string) => {
    const list = new RegExp(`${name}: ([^ ]+?)(?:, |$)`).exec(message)?.[1] ?? "";
    const amounts = new Map(
      list.split(",").map((pair): [string, string] => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]),
    );
    return eachResource((resource) => highest(RESOURCES[resource].map((key) => amountOf(amounts.get(key)))));
  };
  return { requested: listed("requested"), used: listed("used") };
}
