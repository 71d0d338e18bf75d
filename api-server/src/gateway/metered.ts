import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import type { Database } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type Claim, NoRoom, release, reserve, settle } from "../metering/ledger.ts";
import { limitOf, type Meter, monthScope, taskScope } from "../metering/meters.ts";
import type { Agent } from "./agents.ts";
import type { Figures } from "./answer.ts";
import type { Model } from "./models.ts";

/** Longer than any call takes. */
const RESERVED_MILLISECONDS = 900_000;
const SOURCE = "gateway";
const AGAIN_SECONDS = [0.5, 2, 8, 20] as const;

/** A call that has been paid for in advance. One of the two ends it. */
export type Metered = {
  settle(figures: Figures): Promise<void>;
  release(): Promise<void>;
};

/**
 * Reserves what a call may take at most: of the month's budget, by the plan of who pays, and of the task's own.
 * @throws Refusal BUDGET_EXCEEDED
 */
export async function metered(
  database: Pick<Database, "write" | "record">,
  agent: Agent,
  model: Model,
  tokens: number,
): Promise<Metered> {
  const { payerId, taskId, tenantId, plan, maxTokens } = agent;
  const id = uuid();
  const now = new Date();
  const [month, task] = [monthScope(now), taskScope(taskId)];
  const claims: Claim[] = [
    { scope: month, meter: "ai_requests", quantity: 1, limit: limitOf(plan, "ai_requests") },
    { scope: month, meter: "ai_tokens", quantity: tokens, limit: limitOf(plan, "ai_tokens") },
    { scope: task, meter: "ai_tokens", quantity: tokens, limit: maxTokens ?? null },
  ];
  const expiresAt = new Date(now.getTime() + RESERVED_MILLISECONDS);
  try {
    await database.write(payerId, (tx) => reserve(tx, id, claims, expiresAt));
  } catch (error) {
    if (error instanceof NoRoom) throw exceeded(error.claim, task);
    throw error;
  }
  return {
    settle: async ({ inputTokens, outputTokens, estimated }) => {
      const used = [
        { meter: "ai_requests", quantity: 1, scopes: [month] },
        { meter: "ai_tokens", quantity: inputTokens + outputTokens, scopes: [month, task] },
      ] as const;
      const cost = costOf(model, inputTokens, outputTokens);
      const figures = { input_tokens: inputTokens, output_tokens: outputTokens, estimated };
      const details = { model: model.name, ...figures, cost_millionth_cents: cost };
      const about = { source: SOURCE, usedBy: tenantId, taskId, details };
      await insisting(() => database.record(payerId, (tx) => settle(tx, id, used, about)));
    },
    release: () => insisting(() => database.record(payerId, (tx) => release(tx, id))),
  };
}

/** What was used must be written down, also where the database is away for a moment. Each is known by its id. */
async function insisting(write: () => Promise<void>): Promise<void> {
  for (const seconds of AGAIN_SECONDS) {
    try {
      return await write();
    } catch {
      await sleep(seconds * 1000);
    }
  }
  await write();
}

/** In millionths of a cent, so that it is whole. */
export function costOf({ price }: Model, inputTokens: number, outputTokens: number): number {
  return price === undefined ? 0 : inputTokens * price.input_cents + outputTokens * price.output_cents;
}

function exceeded({ scope, meter, limit, quantity }: Claim, task: string): Refusal {
  const of = scope === task ? "this task" : "this month";
  const what: Record<Meter, string> = { ai_requests: "requests", ai_tokens: "tokens" };
  const detail = `Usage limit exceeded for ${meter}: ${limit} ${what[meter]} for ${of} do not have ${quantity} left.`;
  return new Refusal("BUDGET_EXCEEDED", { detail });
}
