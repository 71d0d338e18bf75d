import { z } from "zod";
import type { By } from "../audit/audit.ts";
import type { Database, FoundTenant } from "../db/database.ts";
import { isOrphan } from "../db/faults.ts";
import type { User } from "../db/generated/client.ts";
import { type ErrorCode, Refusal } from "../errors/catalogue.ts";
import type { Origin } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { factsOf } from "../tenants/facts.ts";
import { refusedEntry } from "../tenants/state.ts";
import { type Device, type Opened, openSession } from "./sessions.ts";

export type LoggedIn = Opened & {
  user: Pick<User, "id" | "email" | "name" | "role">;
  tenant: { id: string; organizationName: string; subdomain: string };
};

/**
 * Opens a session for who knows the password. Somebody unknown, somebody inactive and a wrong password are told alike,
 * and take as long.
 * @param named by header, host and body, whichever are there: the tenant's id or subdomain.
 * @throws Refusal LOGIN_FAILED, and what the tenant's state answers; TENANT_AMBIGUOUS when two tenants are named
 */
export async function logIn(
  parts: Pick<Parts, "database" | "passwords" | "audit">,
  who: { named: readonly string[]; email: string; password: string },
  from: Device & Origin,
): Promise<LoggedIn> {
  const { database, passwords, audit } = parts;
  const tenant = await tenantNamed(database, who.named);
  const tenantId = tenant?.lifecycle === "deleted" ? undefined : tenant?.id;
  const user = tenantId === undefined ? undefined : await activeUser(database, tenantId, who.email);
  const known = await passwords.matches(user?.password_hash, who.password);
  if (tenantId === undefined) throw new Refusal("LOGIN_FAILED");
  const by: By = { tenantId, userId: user?.id, email: user?.email, ip: from.ip, requestId: from.requestId };
  if (!known || user === undefined) throw await failed(parts, by, "LOGIN_FAILED");
  const opening = database.write(tenantId, async (tx) => {
    // Only who knows the password is told of it.
    const refused = refusedEntry(await factsOf(tx), user);
    if (refused !== undefined) throw new Refusal(refused);
    const { organizationName, subdomain } = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
    const opened = await openSession(tx, { tenantId, userId: user.id }, from);
    const target = { kind: "session", id: opened.bearer.sessionId };
    await audit(tx, by, { action: "auth.logged_in", target, details: { method: "password" } });
    return { ...opened, user, tenant: { id: tenantId, organizationName, subdomain } };
  });
  // Removed while the password was looked at.
  return await opening.catch(async (error: unknown) => {
    if (error instanceof Refusal) throw await failed(parts, by, error.code);
    throw isOrphan(error) ? new Refusal("LOGIN_FAILED", { cause: error }) : error;
  });
}

/** Written down before it is told. Not the address that was tried: some type their password there. */
async function failed(
  { database, audit }: Pick<Parts, "database" | "audit">,
  by: By,
  why: ErrorCode,
): Promise<Refusal> {
  const { tenantId, userId } = by;
  const target = userId === undefined ? { kind: "tenant", id: tenantId } : { kind: "member", id: userId };
  const writing = database.write(tenantId, (tx) =>
    audit(tx, by, { action: "auth.login_failed", target, details: { reason: why } }),
  );
  // Removed meanwhile.
  await writing.catch((error: unknown) => {
    if (!isOrphan(error)) throw error;
  });
  return new Refusal(why);
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

const found = z.array(
  z.object({
    id: z.string(),
    email: z.string(),
    name: z.string().nullable(),
    role: z.string(),
    password_hash: z.string().nullable(),
  }),
);

/** By one question, whether there is one or not: a second would tell by the clock that there is. */
async function activeUser(database: Database, tenantId: string, email: string) {
  // Trap: Prisma's insensitive `equals` is ILIKE, to which an address of % is everybody's.
  const rows = await database.read(
    tenantId,
    (db) => db.$queryRaw`
      SELECT id, email, name, role, password_hash FROM users
      WHERE tenant_id = ${tenantId}::uuid AND lower(email) = lower(${email}) AND is_active`,
  );
  return found.parse(rows)[0];
}
