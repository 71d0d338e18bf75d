import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { By } from "../audit/audit.ts";
import { writing } from "../audit/entry.ts";
import { textOf } from "../db/cells.ts";
import type { Statement } from "../db/lanes.ts";
import type { Parts } from "../parts.ts";
import { tenantFacts } from "../tenants/state.ts";
import { newSecret } from "./secrets.ts";
import { type Device, type Opened, SESSION_SECONDS } from "./sessions.ts";

const entrant = tenantFacts.extend({
  id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  role: z.string(),
  passwordHash: z.string().nullable(),
  organizationName: z.string(),
  subdomain: z.string(),
  /** Of their personal key; null where they have none yet. */
  keySealed: z.string().nullable(),
});

/** Somebody who wants to come in, and what their tenant is at this moment. */
export type Entrant = z.output<typeof entrant>;

const ENTRANT: Statement<Entrant> = {
  name: "lv_entrant",
  text: `
    SELECT u.id, u.email, u.name, u.role, u.password_hash, t.organization_name, t.subdomain,
      f.lifecycle, f.standing, f.hold, encode(k.key_sealed, 'hex')
    FROM users u
    JOIN tenants t ON t.id = u.tenant_id
    CROSS JOIN lv_tenant_facts() f
    LEFT JOIN personal_keys k ON k.tenant_id = u.tenant_id AND k.id = u.id
    WHERE u.tenant_id = $1::uuid AND lower(u.email) = lower($2) AND u.is_active`,
  row: ([id, email, name, role, passwordHash, organizationName, subdomain, lifecycle, standing, hold, keySealed]) =>
    entrant.parse({
      id,
      email,
      name,
      role,
      passwordHash,
      organizationName,
      subdomain,
      lifecycle,
      standing,
      hold,
      keySealed,
    }),
};

/** By one question, whether there is one or not: a second would tell by the clock that there is. */
export async function findEntrant(
  { database }: Pick<Parts, "database">,
  tenantId: string,
  email: string,
): Promise<Entrant | undefined> {
  const [found] = await database.rows(tenantId, ENTRANT, [tenantId, email]);
  return found;
}

/** Nothing where anything is no longer as it was when it was decided that they may come in. */
const OPEN: Statement<string> = {
  name: "lv_open_session",
  text: `
    WITH session AS (
      INSERT INTO sessions (tenant_id, id, user_id, method, device, ip, expires_at)
      SELECT u.tenant_id, $8::uuid, u.id, 'password', $9::text, $10::inet, $11::timestamptz
      FROM users u CROSS JOIN lv_tenant_facts() f
      WHERE u.tenant_id = $1::uuid AND u.id = $2::uuid AND u.is_active AND u.password_hash = $3 AND u.role = $4
        AND f.lifecycle = $5 AND f.standing = $6 AND f.hold IS NOT DISTINCT FROM $7
      RETURNING tenant_id, id, expires_at
    ), token AS (
      INSERT INTO refresh_tokens (tenant_id, session_id, expires_at, hash)
      SELECT tenant_id, id, expires_at, $12::bytea FROM session
    ), ${writing(13, "FROM session")}
    SELECT id FROM session`,
  row: ([id]) => textOf(id),
};

/**
 * Opens a session for somebody whose password was right, and writes it down: by one statement.
 * @returns undefined where they, or their tenant, are no longer what they were found to be.
 */
export async function openFor(
  { database, audit }: Pick<Parts, "database" | "audit">,
  { id: userId, passwordHash, role, lifecycle, standing, hold, keySealed }: Entrant & { keySealed: string },
  by: By & { userId: string },
  { device, ip }: Device,
): Promise<Opened | undefined> {
  const { tenantId } = by;
  const [id, { secret, hash }] = [uuid(), newSecret("lvr")];
  const expiresAt = new Date(Date.now() + SESSION_SECONDS * 1000).toISOString();
  const target = { kind: "session", id };
  const event = { action: "auth.logged_in", target, details: { method: "password" } } as const;
  const [opened] = await database.change(tenantId, OPEN, [
    ...[tenantId, userId, passwordHash, role, lifecycle, standing, hold],
    ...[id, device ?? null, ip, expiresAt, `\\x${Buffer.from(hash).toString("hex")}`],
    ...audit.cells(by, event, Buffer.from(keySealed, "hex")),
  ]);
  return opened === undefined ? undefined : { bearer: { tenantId, userId, sessionId: id }, refreshToken: secret };
}
