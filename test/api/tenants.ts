import { inDatabase } from "../../api-server/src/testing/database.ts";
import type { Answer, ApiServer } from "../harness/api-server.ts";

const PASSWORD = "correct horse battery staple";

let network = 0;

/** An address that no other creation of this file comes from: three an hour are let through from each network. */
export function freshNetwork(): Record<string, string> {
  network += 1;
  return { "x-forwarded-for": `10.${(network >> 8) & 255}.${network & 255}.1` };
}

/** @returns the link by which its owner comes in; "undefined" where it was mailed */
export async function createByApi(server: ApiServer, subdomain: string, more: object = {}): Promise<string> {
  const body = { organization_name: "Api Corp", subdomain, ...more };
  const made = await server.ask("POST", "/api/v1/tenants", body, freshNetwork());
  if (made.status !== 201) throw new Error(`POST /api/v1/tenants: ${JSON.stringify(made)}`);
  return String(made.body["claim_url"]);
}

/** @param email where the link names none */
export async function claim(server: ApiServer, link: string, email?: string): Promise<Answer> {
  const token = new URL(link).searchParams.get("token") ?? "";
  const address = email === undefined ? {} : { email };
  return await server.ask("POST", "/auth/register", { token, password: PASSWORD, ...address });
}

/** @returns the headers of the owner */
export async function signIn(server: ApiServer, link: string, email?: string): Promise<Record<string, string>> {
  const { status, body } = await claim(server, link, email);
  if (status !== 201) throw new Error(`POST /auth/register: ${status} ${JSON.stringify(body)}`);
  return { authorization: `Bearer ${String(body["access_token"])}` };
}

type Rows = { tenant: Record<string, unknown> | undefined; [table: string]: unknown };

/** All that the database has of a tenant. */
export async function rowsOf(admin: string, subdomain: string): Promise<Rows> {
  return await inDatabase(admin, async (client) => {
    const { rows } = await client.query("SELECT * FROM tenants WHERE subdomain = $1", [subdomain]);
    const [tenant] = rows as Record<string, unknown>[];
    const of = async (query: string) => (await client.query(query, [tenant?.["id"]])).rows as unknown[];
    return {
      tenant,
      users: await of("SELECT * FROM users WHERE tenant_id = $1 ORDER BY id"),
      projects: await of("SELECT * FROM projects WHERE tenant_id = $1 ORDER BY id"),
      settings: await of("SELECT * FROM tenant_settings WHERE tenant_id = $1"),
      invitations: await of("SELECT * FROM invitations WHERE tenant_id = $1 ORDER BY id"),
      followUps: await of(
        "SELECT topic, payload, due_at > now() AS later FROM outbox WHERE tenant_id = $1 AND due_at > now() ORDER BY due_at",
      ),
    };
  });
}

/** Ids, times, secrets and the name itself differ from tenant to tenant, and by design who owns the spec. */
const VOLATILE = /^(id|tenant_id|.*_id|.*_at|object_uid|token_hash|password_hash|managed_by)$/;
/** Only the API knows from where it was asked. */
const LEFT_OUT = new Set(["created_from"]);

export function masked(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((each) => masked(each, name));
  if (typeof value === "string") return value.replaceAll(name, "NAME");
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      LEFT_OUT.has(key) ? [] : [[key, VOLATILE.test(key) ? inner !== null : masked(inner, name)]],
    ),
  );
}
