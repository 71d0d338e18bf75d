import { v7 as uuid } from "uuid";
import type { Config } from "../config.ts";
import type { Database, Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { addMember } from "../members/members.ts";
import { enqueue } from "../outbox/outbox.ts";
import { addTenant } from "../tenants/create.ts";
import { requireName } from "../tenants/names.ts";
import { holdTenant } from "../tenants/plan.ts";
import type { Keys } from "./keys.ts";
import type { UserRole } from "./roles.ts";
import { openSession } from "./sessions.ts";
import { signAccessToken } from "./tokens.ts";

/** A session that would end sooner is of no use for a day's work. */
const LEFT_AT_LEAST_MILLISECONDS = 86_400_000;
const FROM = { device: "leanvibe token", ip: "127.0.0.1" } as const;

/** Names of organizations as the documentation has them. */
const ORGANIZATIONS = new Map([
  ["acme", "Acme Corp"],
  ["tech", "TechCorp"],
]);

/**
 * An access token of a user who exists for development alone and has no password. Makes the tenant and the user where they
 * are not there, and nothing when they are: their session goes on.
 * @throws Error for an API that others than this machine can reach; Refusal VALIDATION_FAILED for a name that no tenant
 * can have, QUOTA_EXCEEDED where the plan has no room for the user
 */
export async function developmentToken(
  { database, keys, config }: { database: Database; keys: Keys; config: Pick<Config, "publicUrl" | "tokens"> },
  { tenant, role }: { tenant: string; role: UserRole },
): Promise<string> {
  requireLoopback(config.publicUrl);
  const { id: tenantId, subdomain } = await ensureTenant(database, tenant);
  const email = `dev-${role}@${subdomain}.localhost`;
  const bearer = await database.write(tenantId, async (tx) => {
    // Of two at once the second finds what the first has made.
    await holdTenant(tx, tenantId);
    await ensureConfirmed(tx, tenantId);
    const userId = await ensureUser(tx, { tenantId, email, role });
    return { tenantId, userId, sessionId: await ensureSession(tx, { tenantId, userId }) };
  });
  return await signAccessToken(keys, config.tokens, bearer);
}

/** Whether a host, as a URL has it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function requireLoopback(publicUrl: string): void {
  if (isLoopback(new URL(publicUrl).hostname)) return;
  throw new Error(
    `development tokens are only for an API on this machine, and this one is ${publicUrl}. Sign in there, or use a PUBLIC_URL on localhost.`,
  );
}

type Named = { id: string; subdomain: string };

async function ensureTenant(database: Database, subdomain: string): Promise<Named> {
  const found = await database.findTenant(subdomain);
  if (found?.lifecycle === "deleted") throw new Error(`tenant ${subdomain} was deleted: choose another one`);
  if (found !== undefined) return found;
  requireName(subdomain);
  const id = uuid();
  const adminEmail = `dev-owner@${subdomain}.localhost`;
  const organizationName = ORGANIZATIONS.get(subdomain) ?? subdomain.charAt(0).toUpperCase() + subdomain.slice(1);
  try {
    await database.write(id, (tx) => addTenant(tx, { id, organizationName, subdomain, adminEmail, createdFrom: null }));
    return { id, subdomain };
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof Refusal) || error.code !== "SUBDOMAIN_TAKEN") throw error;
    const other = await database.findTenant(subdomain);
    if (other === undefined) throw error;
    return other;
  }
}

/** Whoever sits at this machine answers for it: nobody has to open a link, and it is not swept away. */
async function ensureConfirmed(tx: Transaction, tenantId: string): Promise<void> {
  const where = { id: tenantId, onboarding: "unconfirmed" };
  const { count } = await tx.tenant.updateMany({ where, data: { onboarding: "confirmed" } });
  if (count > 0) await enqueue(tx, tenantId, { topic: "tenant.apply", payload: {} });
}

async function ensureUser(
  tx: Transaction,
  { tenantId, email, role }: { tenantId: string; email: string; role: UserRole },
): Promise<string> {
  const user = await tx.user.findFirst({ where: { tenantId, email } });
  if (user === null) {
    const person = { email, role, name: `Development ${role}`, passwordHash: null, proven: true };
    return (await addMember(tx, tenantId, person)).id;
  }
  // Whoever changed it by the API is testing just that, and would not see it.
  if (user.isActive && user.role === role) return user.id;
  const now = user.isActive ? `has role ${user.role} now` : "is deactivated";
  throw new Error(`${email} ${now}: choose another --role, or change it back with PATCH /api/v1/members/${user.id}`);
}

async function ensureSession(tx: Transaction, who: { tenantId: string; userId: string }): Promise<string> {
  const until = new Date(Date.now() + LEFT_AT_LEAST_MILLISECONDS);
  const where = { ...who, method: "development", enteredTenantId: null, revokedAt: null, expiresAt: { gt: until } };
  const session = await tx.session.findFirst({ where, orderBy: { id: "desc" } });
  return session?.id ?? (await openSession(tx, who, FROM, "development")).bearer.sessionId;
}
