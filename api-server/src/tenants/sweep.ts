import type { Database } from "../db/database.ts";

const AT_ONCE = 500;

/**
 * Deletes tenants whose owner never came: made by who knows whom, they hold a name that somebody else may want. Nobody has
 * signed in to them, so that nothing of anybody's is lost; the platform's invitation that one was made by holds again.
 * @returns how many
 */
export async function sweepUnconfirmed({ worker }: Database): Promise<number> {
  const { rowCount } = await worker.query(
    `WITH gone AS (
       DELETE FROM tenants WHERE id IN (
         SELECT id FROM tenants
         WHERE onboarding = 'unconfirmed' AND managed_by = 'api' AND created_from IS NOT NULL AND created_at < now() - interval '24 hours'
         ORDER BY created_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED
       ) AND onboarding = 'unconfirmed' RETURNING id
     ), again AS (
       UPDATE tenant_invitations SET used_at = NULL WHERE used_for IN (SELECT id FROM gone)
     )
     SELECT id FROM gone`,
  );
  return rowCount ?? 0;
}
