import { TENANT } from "@leanvibe/schema";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";

/** What a stranger must not be able to look like. */
const RESERVED = new Set(
  "about abuse accounts admin administrator api app assets auth billing blog cdn console dashboard default docs email ftp git help hostmaster imap internal kubernetes leanvibe login mail metrics noc ns1 ns2 operator pop portal postmaster root secure security server signup smtp staff static status support system test tutorials webmaster www".split(
    " ",
  ),
);

/**
 * The subdomain that was asked for, or one made of the organization's name.
 * @throws Refusal VALIDATION_FAILED
 */
export function nameFor(organizationName: string, subdomain: string | undefined): string {
  const name = subdomain ?? nameOf(organizationName);
  requireName(name);
  return name;
}

export function taken(name: string): Refusal {
  return new Refusal("SUBDOMAIN_TAKEN", { detail: `The subdomain '${name}' is taken.` });
}

/** A name as Kubernetes takes it for the Tenant, and nobody's that a stranger must not look like. */
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
