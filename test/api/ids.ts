import { randomUUID } from "node:crypto";
import type { UserRole } from "../../api-server/src/accounts/roles.ts";
import type { Operation } from "./operations.ts";
import type { Planted } from "./planted.ts";
import { sampleOf } from "./sample.ts";

/** Whose id a request names. */
export const KINDS = ["garbage", "nobody's", "another tenant's", "own"] as const;
export type Kind = (typeof KINDS)[number];

/** Where each id leads: to a row of this table, or to what a person of this role has. */
const PLACES: Readonly<Record<string, string | ((tenant: Planted, role: UserRole) => unknown)>> = {
  "/api/v1/webhooks/{id}": "webhooks",
  "/api/v1/webhooks/{id}/deliveries?cursor": "webhook_deliveries",
  "/api/v1/webhooks/{id}/deliveries/{delivery}": "webhook_deliveries",
  "/api/v1/audit?cursor": "audit_events",
  "/api/v1/tasks/{id}": "tasks",
  "/api/v1/tasks?project_id": "projects",
  "/api/v1/tasks body": "projects",
  "/api/v1/projects/{id}": "projects",
  "/api/v1/members/{id}": "users",
  "/api/v1/invitations/{id}": "invitations",
  "/api/v1/platform/tenants/{id}": "tenants",
  "/api/v1/tenants/current/export/{id}": "exports",
  // Known by nobody but who was given it.
  "/api/v1/exports/{token}": ({ id }) => `lvx_${id}`,
  "/api/v1/grants/{id}": "child_grants",
  "/api/v1/grants body": "users",
  "/auth/sessions/{id}": ({ people }, role) => people[role].otherSession,
};

/** Who asks, of which tenant, and who must not be seen. */
export type Parties = { tenant: Planted; role: UserRole; victim: Planted };

/** The id of that kind for what stands at a place of the API. @throws Error that says where the place must be added. */
export function idAt(place: string, kind: Kind, { tenant, role, victim }: Parties): string {
  // A cursor is an id of whatever is listed; one of something else only says where to go on.
  const leads = place.endsWith("?cursor") ? "projects" : PLACES[place];
  if (leads === undefined) {
    throw new Error(`nobody knows whose id stands at ${place}: add it to PLACES in test/api/ids.ts, with its table`);
  }
  if (kind === "garbage") return "no-such'--id";
  if (kind === "nobody's") return randomUUID();
  const of = kind === "own" ? tenant : victim;
  const found = typeof leads === "string" ? of.rows.get(leads)?.["id"] : leads(of, role);
  if (typeof found !== "string")
    throw new Error(`${place} leads to a row without an id: mend PLACES in test/api/ids.ts`);
  return found;
}

/** What must be typed to confirm an operation that cannot be undone; undefined where nothing must. */
export function confirmed({ id }: Operation, { tenant: { subdomain } }: Parties): object | undefined {
  return id === "deleteTenant" ? { subdomain } : undefined;
}

/** The path of an operation with what stands at its places. */
export function pathWith(path: string, idOf: (place: string) => string): string {
  const parts = path.split(/(?<=\})/);
  return parts
    .map((part, index) => part.replace(/\{\w+\}/, () => encodeURIComponent(idOf(parts.slice(0, index + 1).join("")))))
    .join("");
}

/** The query of an operation: what it needs, and every id it takes. */
export function queryWith({ path, parameters }: Operation, idOf: (place: string) => string): string {
  const pairs = parameters.flatMap(({ in: where, name, required, schema }): [string, string][] => {
    if (where !== "query") return [];
    if (schema.format === "uuid") return [[name, idOf(`${path}?${name}`)]];
    return required ? [[name, String(sampleOf(schema, "", name))]] : [];
  });
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

export const hasIdInPath = ({ path }: Operation): boolean => path.includes("{");

export const hasIdInBody = ({ body }: Operation): boolean => JSON.stringify(body).includes('"format":"uuid"');

/** The kinds of ids that an operation can be asked with. */
export function kindsOf(operation: Operation): readonly Kind[] {
  const queried = operation.parameters.some((each) => each.in === "query" && each.schema.format === "uuid");
  return queried || hasIdInPath(operation) || hasIdInBody(operation) ? KINDS : ["own"];
}
