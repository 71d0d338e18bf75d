import { removeOldDays, rollMinutes } from "../analytics/roll.ts";
import { sealAudit } from "../audit/seal.ts";
import { removeExpiredAnswers } from "../idempotency/expired.ts";
import { releaseForgotten } from "../metering/forgotten.ts";
import type { Parts } from "../parts.ts";
import { removeOldInvitations } from "../platform/invitations.ts";
import { eraseDeleted } from "../tenants/erase.ts";
import { removeExpired } from "../tenants/expired.ts";
import { sweepUnconfirmed } from "../tenants/sweep.ts";
import { removeOldDeliveries } from "../webhooks/sweep.ts";

export const PERIODIC_QUEUE = "periodic";

/** Work that comes round by the clock, in UTC; done again from the start where it failed. */
export type Periodic = { cron: string; run: (parts: Parts) => Promise<unknown> };

export const PERIODIC: Readonly<Record<string, Periodic>> = {
  "erase-deleted": { cron: "* * * * *", run: eraseDeleted },
  "release-forgotten": { cron: "* * * * *", run: ({ database }) => releaseForgotten(database) },
  "remove-expired": { cron: "37 * * * *", run: (parts) => removeExpired(parts) },
  "remove-expired-answers": { cron: "*/10 * * * *", run: ({ database }) => removeExpiredAnswers(database) },
  "remove-old-invitations": { cron: "17 * * * *", run: ({ database }) => removeOldInvitations(database) },
  "remove-old-deliveries": { cron: "7 * * * *", run: ({ database }) => removeOldDeliveries(database) },
  "remove-old-days": { cron: "23 3 * * *", run: ({ database }) => removeOldDays(database) },
  "roll-minutes": { cron: "*/10 * * * *", run: ({ database }) => rollMinutes(database) },
  "seal-audit": { cron: "* * * * *", run: ({ database }) => sealAudit(database) },
  "sweep-unconfirmed": { cron: "*/10 * * * *", run: ({ database }) => sweepUnconfirmed(database) },
};
