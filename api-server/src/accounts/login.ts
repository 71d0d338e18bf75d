import type { Database, FoundTenant } from "../db/database.ts";
import { isOrphan } from "../db/faults.ts";
import type { User } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { factsOf } from "../tenants/facts.ts";
import { refusedEntry } from "../tenants/state.ts";
import type { Passwords } from "./passwords.ts";
import { type Device, type Opened, openSession } from "./sessions.ts";

export type LoggedIn = Opened & { user: User; tenant: { id: string; organizationName: string; subdomain: string } };

/**
 * Opens a session for who knows the password. Somebody unknown, somebody inactive and a wrong password are told alike,
 * and take as long.
 * @param named by header, host and body, whichever are there: the tenant's id or subdomain.
 * @throws Refusal LOGIN_FAILED, and what the tenant's state answers; TENANT_AMBIGUOUS when two tenants are named
 */
export async function logIn(
  { database, passwords }: { database: Database; passwords: Passwords },
  who: { named: readonly string[]; email: string; password: string },
  from: Device,
): Promise<LoggedIn> {
  const tenant = await tenantNamed(database, who.named);
  const tenantId = tenant?.lifecycle === "deleted" ? undefined : tenant?.id;
  const user = tenantId === undefined ? undefined : await activeUser(database, tenantId, who.email);
  if (!(await passwords.matches(user?.passwordHash, who.password)) || user === undefined || tenantId === undefined) {
    throw new Refusal("LOGIN_FAILED");
  }
  const opening = database.write(tenantId, async (tx) => {
    // Only who knows the password is told of it.
    const refused = refusedEntry(await factsOf(tx), user);
    if (refused !== undefined) throw new Refusal(refused);
    const { organizationName, subdomain } = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
    const opened = await openSession(tx, { tenantId, userId: user.id }, from);
    return { ...opened, user, tenant: { id: tenantId, organizationName, subdomain } };
  });
  // Removed while the password was looked at.
  return await opening.catch((error: unknown) => {
    throw isOrphan(error) ? new Refusal("LOGIN_FAILED", { cause: error }) : error;
  });
}

/** One that nobody knows is no refusal of its own: it is told as a wrong password is. */
async function tenantNamed(database: Database, names: readonly string[]): Promise<FoundTenant | undefined> {
  const found = await Promise.all(names.map((name) => database.findTenant(name)));
  const [first] = found;
  if (first === undefined || found.includes(undefined)) return undefined;
  if (found.every((tenant) => tenant?.id === first.id)) return first;
  throw new Refusal("TENANT_AMBIGUOUS", {
    detail: `The request names ${names.map((name) => `'${name}'`).join(" and ")}.`,
  });
}

async function activeUser(database: Database, tenantId: string, email: string): Promise<User | undefined> {
  // Trap: Prisma's insensitive `equals` is ILIKE, to which an address of % is everybody's.
  const [found] = await database.read(
    tenantId,
    (db) =>
      db.$queryRaw<
        { id: string }[]
      >`SELECT id FROM users WHERE tenant_id = ${tenantId}::uuid AND lower(email) = lower(${email}) AND is_active`,
  );
  if (found === undefined) return undefined;
  return (await database.read(tenantId, (db) => db.user.findFirst({ where: { tenantId, id: found.id } }))) ?? undefined;
}
