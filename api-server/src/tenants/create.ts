import { isIPv4 } from "node:net";
import { v7 as uuid } from "uuid";
import { z } from "zod";
import { newSecret } from "../accounts/secrets.ts";
import type { Audit } from "../audit/audit.ts";
import type { Config } from "../config.ts";
import type { Database, Transaction } from "../db/database.ts";
import { isTaken } from "../db/faults.ts";
import type { Prisma, Tenant } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import type { Origin } from "../http/identify.ts";
import { enqueueLink } from "../mail/links.ts";
import { nameFor, taken } from "./names.ts";
import { termsOf, type Wanted } from "./terms.ts";

const LINK_SECONDS = 86_400;
const INVITED_SECONDS = 7 * 86_400;
const RETRY_SECONDS = 3_600;
/** A network of people who know each other: what one of them does is counted for all. */
const IPV4_PREFIX = 24;
const IPV6_PREFIX = 48;

export type TenantCreation = Wanted & {
  organization_name: string;
  subdomain?: string | undefined;
};

export type Created = {
  tenant: Tenant;
  /** For the one answer, where nobody's address is known: whoever has it becomes the owner. */
  claimToken: string | undefined;
};

/** Where a tenant is made. */
export type Founding = {
  /** Its id, which is also the transaction's tenant. */
  id: string;
  config: Pick<Config, "publicUrl" | "secret" | "tenantCreation">;
  audit: Audit;
  /** Of whoever makes it. */
  origin: Origin;
};

/**
 * A tenant with all that belongs to it: its row, settings, a welcome project, the invitation of its owner and what is to be
 * mailed. The cluster hears of it when the owner has come in.
 * @throws Refusal VALIDATION_FAILED, SUBDOMAIN_TAKEN, RATE_LIMITED, and what `termsOf` throws
 */
export async function createTenant(
  tx: Transaction,
  { id, config, audit, origin }: Founding,
  wanted: TenantCreation,
): Promise<Created> {
  const { organization_name: organizationName, subdomain } = wanted;
  const name = nameFor(organizationName, subdomain);
  const { plan, adminEmail, invited } = await termsOf(tx, config.tenantCreation, wanted);
  await admitNetwork(tx, { ip: origin.ip, invited }, name);
  const data = { id, organizationName, subdomain: name, plan, adminEmail: adminEmail ?? null, createdFrom: origin.ip };
  const tenant = await addTenant(tx, data);
  const target = { kind: "tenant", id };
  await audit(tx, { tenantId: id, ...origin }, { action: "tenant.created", target, details: { name, plan } });
  return await inviteOwner(tx, config, tenant, { email: adminEmail ?? null, invitedVia: null });
}

/** Its row, and what every tenant begins with. @throws Refusal SUBDOMAIN_TAKEN */
export async function addTenant(tx: Transaction, data: Prisma.TenantUncheckedCreateInput): Promise<Tenant> {
  const made = await tx.tenant.create({ data }).catch((error: unknown) => {
    throw isTaken(error) ? taken(data.subdomain) : error;
  });
  const welcome = { name: "Welcome", description: "Your first project: rename it, or delete it." };
  await tx.tenantSettings.create({ data: { tenantId: data.id } });
  await tx.project.create({ data: { ...welcome, tenantId: data.id, id: uuid() } });
  return made;
}

/**
 * By a link, which is mailed where there is an address, and where there is none is for the one answer.
 * @param whom invitedVia: the parent's owner with whose right it goes, so that who is removed there has left themselves no
 * way into a child.
 */
export async function inviteOwner(
  tx: Transaction,
  config: Founding["config"],
  tenant: Tenant,
  { email, invitedVia }: { email: string | null; invitedVia: string | null },
): Promise<Created> {
  const { id: tenantId, organizationName: organization, onboarding } = tenant;
  const { secret, hash } = newSecret("lvi");
  // Who holds a name for nothing loses it after a day; whom somebody vouches for has time.
  const seconds = onboarding === "unconfirmed" ? LINK_SECONDS : INVITED_SECONDS;
  const expiresAt = new Date(Date.now() + seconds * 1000);
  const person = { email, invitedVia, role: "owner", mailedAlone: email !== null };
  await tx.invitation.create({ data: { ...person, tenantId, id: uuid(), tokenHash: hash, expiresAt } });
  if (email === null) return { tenant, claimToken: secret };
  const link = `${config.publicUrl}/welcome?token=${secret}`;
  const values = { organization, days: seconds / 86_400 };
  await enqueueLink(tx, { tenantId, secret: config.secret, link }, { mail: "welcome", to: email, values });
  return { tenant, claimToken: undefined };
}

/** Without a cluster there is nothing more to wait for. */
export async function completeAlone(database: Database, tenantId: string): Promise<void> {
  await database.write(tenantId, (tx) =>
    tx.tenant.updateMany({ where: { id: tenantId, onboarding: "confirmed" }, data: { onboarding: "complete" } }),
  );
}

const verdict = z.tuple([z.object({ verdict: z.enum(["ok", "held", "network", "total"]) })]);

/** @throws Refusal SUBDOMAIN_TAKEN; RATE_LIMITED where a network, or all of them, made too many within the hour */
export async function admitNetwork(
  tx: Transaction,
  { ip, invited }: { ip: string; invited: boolean },
  name: string,
): Promise<void> {
  const network = `${ip}/${isIPv4(ip) ? IPV4_PREFIX : IPV6_PREFIX}`;
  const rows = await tx.$queryRaw`SELECT lv_admit_tenant(network(${network}::inet)::cidr, ${name}) AS verdict`;
  const [{ verdict: said }] = verdict.parse(rows);
  if (said === "ok") return;
  if (said === "held") throw taken(name);
  if (invited) return;
  throw new Refusal("RATE_LIMITED", {
    detail: "Too many organizations were made from your network or in all: try again in an hour.",
    retryAfterSeconds: RETRY_SECONDS,
  });
}
