import type { Answer } from "../harness/recording-proxy.ts";
import { type Fault, isStorm, lotOf, type Plan, type WriteFault } from "./plan.ts";

const STATUSES = [409, 429, 500, 503, 504];

/** What a storm does to this write, by the plan's seed and the write's address alone; it begins with the first write. */
export function stormy(
  { plan, fired }: { plan: Plan; fired: Map<Fault, number> },
  address: string,
): WriteFault | undefined {
  const storm = plan.faults.find(isStorm);
  if (storm === undefined) return undefined;
  const since = fired.get(storm) ?? performance.now();
  fired.set(storm, since);
  if (performance.now() - since > storm.seconds * 1000) return undefined;
  return struck(`${plan.seed} ${address}`, storm.storm, address);
}

/** Is it among so many of a hundred? Then which error it is answered with, before or after it took effect. */
export function struck(seeded: string, percent: number, address: string): WriteFault | undefined {
  const lot = lotOf(seeded);
  if (lot % 100 >= percent) return undefined;
  const status = STATUSES[Math.floor(lot / 100) % STATUSES.length] ?? 500;
  const when = Math.floor(lot / 1000) % 2 === 0 ? "before" : "after";
  const wait = status === 429 || (status === 503 && lot % 2 === 0) ? { retryAfterSeconds: 1 } : {};
  return { write: address, when, action: { do: "answer", status, ...wait } };
}

const REASONS: Record<number, string> = {
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

export function refusal(status: number, retryAfterSeconds: number | undefined): Answer {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", code: status, reason: REASONS[status] ?? "" };
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    },
    body: JSON.stringify({ ...body, message: `a fault was injected: ${status}` }),
  };
}
