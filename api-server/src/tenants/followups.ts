import type { Database, Transaction } from "../db/database.ts";
import { enqueue } from "../outbox/outbox.ts";

const DAYS = [1, 3, 7] as const;
const DAY_MILLISECONDS = 86_400_000;

/** What a new owner is told on the days after, until the tenant is in use. */
export async function planFollowUps(
  tx: Transaction,
  { id, organizationName }: { id: string; organizationName: string },
  to: string,
): Promise<void> {
  for (const day of DAYS) {
    const payload = { mail: "follow_up", to, values: { organization: organizationName, day } } as const;
    await enqueue(tx, id, { topic: "mail.send", payload, dueAt: new Date(Date.now() + day * DAY_MILLISECONDS) });
  }
}

/**
 * Whether somebody has begun: a second project, or somebody else who is in or invited. Who works needs no reminder, and who
 * is held or leaves wants none.
 */
export async function isSettled(database: Database, tenantId: string): Promise<boolean> {
  const { active, projects, people } = await database.write(tenantId, async (tx) => ({
    active: await tx.tenant.count({ where: { id: tenantId, lifecycle: "active", hold: null } }),
    projects: await tx.project.count({ where: { tenantId } }),
    people:
      (await tx.user.count({ where: { tenantId } })) +
      (await tx.invitation.count({ where: { tenantId, acceptedAt: null, endedAt: null } })),
  }));
  return active === 0 || projects > 1 || people > 1;
}
