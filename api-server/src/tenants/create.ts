import { isIPv4 } from "node:net";
import { TENANT } from "@leanvibe/schema";
import { v7 as uuid } from "uuid";
import { z } from "zod";
import { newSecret } from "../accounts/secrets.ts";
import type { Config } from "../config.ts";
import type { Transaction } from "../db/database.ts";
import { isTaken } from "../db/faults.ts";
import type { Tenant } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import { enqueueLink } from "../mail/links.ts";
import { termsOf, type Wanted } from "./terms.ts";

/** What a stranger must not be able to look like. */
const RESERVED = new Set(
  "about abuse accounts admin administrator api app assets auth billing blog cdn console dashboard default docs email ftp git help hostmaster imap internal kubernetes leanvibe login mail metrics noc ns1 ns2 operator pop portal postmaster root secure security server signup smtp staff static status support system test tutorials webmaster www".split(
    " ",
  ),
);

const LINK_SECONDS = 86_400;
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
  /** From where whoever makes it came. */
  ip: string;
};

/**
 * A tenant with all that belongs to it: its row, settings, a welcome project, the invitation of its owner and what is to be
 * mailed. The cluster hears of it when the owner has come in.
 * @throws Refusal VALIDATION_FAILED, SUBDOMAIN_TAKEN, RATE_LIMITED, and what `termsOf` throws
 */
export async function createTenant(
  tx: Transaction,
  { id, config, ip }: Founding,
  wanted: TenantCreation,
): Promise<Created> {
  const { organization_name: organizationName, subdomain: name = nameOf(organizationName) } = wanted;
  requireName(name);
  const { plan, adminEmail, invited } = await termsOf(tx, config.tenantCreation, wanted);
  await admit(tx, { ip, invited }, name);
  const data = { id, organizationName, subdomain: name, plan, adminEmail: adminEmail ?? null, createdFrom: ip };
  const tenant = await addTenant(tx, data);
  const claim = await inviteOwner(tx, id, adminEmail);
  if (adminEmail === undefined) return { tenant, claimToken: claim };
  const link = `${config.publicUrl}/welcome?token=${claim}`;
  const values = { organization: organizationName };
  await enqueueLink(tx, { tenantId: id, secret: config.secret, link }, { mail: "welcome", to: adminEmail, values });
  return { tenant, claimToken: undefined };
}

async function inviteOwner(tx: Transaction, tenantId: string, email: string | undefined): Promise<string> {
  const { secret, hash } = newSecret("lvi");
  const expiresAt = new Date(Date.now() + LINK_SECONDS * 1000);
  const person = { email: email ?? null, role: "owner", mailedAlone: email !== undefined };
  await tx.invitation.create({ data: { ...person, tenantId, id: uuid(), tokenHash: hash, expiresAt } });
  return secret;
}

/** Its row, and what every tenant begins with. @throws Refusal SUBDOMAIN_TAKEN */
export async function addTenant(
  tx: Transaction,
  data: Pick<Tenant, "id" | "organizationName" | "subdomain" | "adminEmail" | "createdFrom"> & {
    plan?: string;
    onboarding?: string;
  },
): Promise<Tenant> {
  const made = await tx.tenant.create({ data }).catch((error: unknown) => {
    throw isTaken(error) ? taken(data.subdomain) : error;
  });
  await tx.tenantSettings.create({ data: { tenantId: data.id } });
  await tx.project.create({
    data: {
      tenantId: data.id,
      id: uuid(),
      name: "Welcome",
      description: "Your first project: rename it, or delete it.",
    },
  });
  return made;
}

const verdict = z.tuple([z.object({ verdict: z.enum(["ok", "held", "network", "total"]) })]);

async function admit(tx: Transaction, { ip, invited }: { ip: string; invited: boolean }, name: string): Promise<void> {
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

function taken(name: string): Refusal {
  return new Refusal("SUBDOMAIN_TAKEN", { detail: `The subdomain '${name}' is taken.` });
}

/** A name as Kubernetes takes it for the Tenant, and nobody's that a stranger must not look like. @throws Refusal VALIDATION_FAILED */
export function requireName(name: string): void {
  const path = "body.subdomain";
  const broken = TENANT.nameRules.find(({ test }) => !test(name));
  if (broken !== undefined)
    throw invalid([{ path, message: broken.message.replace("metadata.name is the Tenant's subdomain and ", "") }]);
  if (RESERVED.has(name) || name.startsWith("kube-"))
    throw invalid([{ path, message: `'${name}' is reserved; choose another one` }]);
}

/** `Acme Corp.` as `acme-corp`. */
function nameOf(organizationName: string): string {
  const words = organizationName.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return words
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}
