import { may, USER_ROLES, type UserRole } from "../../api-server/src/accounts/roles.ts";
import type { Headers } from "../../api-server/src/testing/parts.ts";
import type { Operation } from "./operations.ts";
import type { Planted } from "./planted.ts";

/** Who asks, how they name the tenant, and what they must be told. */
export type Trial = { who: string; role: UserRole; headers: Headers; told: string };

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

export const ownerOf = ({ people }: Planted): Headers => bearer(people.owner.token);

/** Those who must be refused by every route of a tenant, whatever it does. */
export function strangers(own: Planted, victim: Planted): Trial[] {
  const nobody: [string, Headers, string][] = [
    ["nobody", {}, "400 TENANT_REQUIRED"],
    ["nobody who names a tenant", { "x-tenant-id": own.id }, "401 AUTHENTICATION_REQUIRED"],
    ["nobody who names the other tenant", { "x-tenant-id": victim.id }, "401 AUTHENTICATION_REQUIRED"],
    ["nobody on a tenant's host", { host: `${victim.subdomain}.leanvibe.com` }, "401 AUTHENTICATION_REQUIRED"],
    ["somebody with a token of their own making", bearer("eyJhbGciOiJub25lIn0.e30."), "401 AUTHENTICATION_REQUIRED"],
    ["somebody with another scheme", { authorization: "Basic b3duZXI6b3duZXI=" }, "401 AUTHENTICATION_REQUIRED"],
  ];
  const foreign: [string, Headers, string][] = [
    ["a stranger who names the other tenant by id", { "x-tenant-id": victim.id }, "403 TENANT_MISMATCH"],
    ["a stranger who names it by subdomain", { "x-tenant-id": victim.subdomain }, "403 TENANT_MISMATCH"],
    ["a stranger on its host", { host: `${victim.subdomain}.leanvibe.com` }, "403 TENANT_MISMATCH"],
    [
      "a stranger who names both",
      { "x-tenant-id": own.id, host: `${victim.subdomain}.leanvibe.com` },
      "400 TENANT_AMBIGUOUS",
    ],
    ["somebody who names a tenant that is not", { "x-tenant-id": "no-such-tenant" }, "404 TENANT_NOT_FOUND"],
  ];
  return [
    ...nobody,
    ...foreign.map(([who, headers, told]): [string, Headers, string] => [who, { ...ownerOf(own), ...headers }, told]),
  ].map(([who, headers, told]) => ({ who, role: "owner", headers, told }));
}

/** Everybody who is not of the platform. */
export function outsiders(own: Planted, victim: Planted): Trial[] {
  const told = "401 AUTHENTICATION_REQUIRED";
  const nobody = [
    {},
    { "x-tenant-id": victim.id },
    bearer("eyJhbGciOiJub25lIn0.e30."),
    { authorization: "Basic b3duZXI=" },
  ];
  return [
    ...nobody.map((headers) => ({ who: "nobody", role: "owner", headers, told }) as const),
    ...USER_ROLES.map((role) => ({ who: `a tenant's ${role}`, role, headers: bearer(own.people[role].token), told })),
  ];
}

/** Those of the tenant whose role does not include it. */
export function lowerRoles({ declared: { permission } }: Operation, { people }: Planted): Trial[] {
  const below = USER_ROLES.filter((role) => permission !== undefined && !may(role, permission));
  return below.map((role) => ({ who: role, role, headers: bearer(people[role].token), told: "403 PERMISSION_DENIED" }));
}

/** Those whose role includes it. */
export function rightful({ declared: { permission } }: Operation): UserRole[] {
  return USER_ROLES.filter((role) => permission === undefined || may(role, permission));
}

type Kind = { reads: boolean; wayOut: boolean };

/** What a tenant's owner is told in each state that is not active; undefined where the request goes on. */
export const STATES: readonly { state: string; change: string; told: (route: Kind) => string | undefined }[] = [
  {
    state: "restricted",
    change: "standing = 'restricted'",
    told: ({ reads, wayOut }) => (reads || wayOut ? undefined : "402 PAYMENT_REQUIRED"),
  },
  {
    state: "suspended for Billing",
    change: "standing = 'suspended'",
    told: ({ wayOut }) => (wayOut ? undefined : "402 PAYMENT_REQUIRED"),
  },
  { state: "suspended for Security", change: "hold = 'Security'", told: () => "403 TENANT_SUSPENDED" },
  {
    state: "pending deletion",
    change: "lifecycle = 'pending_deletion'",
    told: ({ reads, wayOut }) => (reads || wayOut ? undefined : "404 TENANT_NOT_FOUND"),
  },
  { state: "deleted", change: "lifecycle = 'deleted'", told: () => "404 TENANT_NOT_FOUND" },
];

export function kindOf({ method, declared: { wayOut } }: Operation): Kind {
  return { reads: method === "GET", wayOut };
}
