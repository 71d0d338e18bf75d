import { type Overage, PLANS, type PlanName } from "@leanvibe/schema";

/** What is counted. Those of agents are counted by the gateway to the model alone; nobody can say them to us. */
export const METERS = {
  ai_requests: { included: (plan: PlanName) => PLANS[plan].aiRequestsPerMonth },
  ai_tokens: { included: (plan: PlanName) => PLANS[plan].aiTokensPerMonth },
} as const satisfies Record<string, { included: (plan: PlanName) => number }>;

export type Meter = keyof typeof METERS;

/** How much of it a plan lets be used in a month, whoever pays for what is over; null: as much as somebody wants. Pure. */
export function limitOf(plan: PlanName, meter: Meter): number | null {
  return withOverage(METERS[meter].included(plan), PLANS[plan].overage);
}

export function withOverage(included: number, overage: Overage): number | null {
  switch (overage.mode) {
    case "Block":
      return included;
    case "Grace":
      return Math.floor((included * (100 + overage.gracePercent)) / 100);
    case "Bill":
      return null;
  }
}

/** Of which a total is kept: what a month's limit is about, in UTC. */
export function monthScope(at: Date): string {
  return `month:${at.toISOString().slice(0, 7)}`;
}

/** And what a task's own limit is about, however long it takes. */
export function taskScope(id: string): string {
  return `task:${id}`;
}
