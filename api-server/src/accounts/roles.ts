/** What each role of a tenant may do. A role has what is listed for it and for those below. */
export const ROLE_PERMISSIONS = {
  viewer: ["projects:read", "settings:read", "tasks:read", "tenant:read"],
  member: ["projects:write", "tasks:write"],
  admin: ["audit:read", "children:read", "members:write", "settings:write", "tenant:write", "webhooks:write"],
  owner: ["children:write", "tenant:delete", "tenant:export"],
} as const;

export type UserRole = keyof typeof ROLE_PERMISSIONS;

export type Permission = (typeof ROLE_PERMISSIONS)[UserRole][number];

/** Least first. */
export const USER_ROLES = ["viewer", "member", "admin", "owner"] as const satisfies readonly UserRole[];

/** Whether the first role is above the second; one that nobody knows is above all. */
export function outranks(role: string, other: UserRole): boolean {
  const roles: readonly string[] = USER_ROLES;
  const at = roles.indexOf(role);
  return at === -1 || at > roles.indexOf(other);
}

/** Whether a role includes a permission. */
export function may(role: UserRole, permission: Permission): boolean {
  const upTo = USER_ROLES.slice(0, USER_ROLES.indexOf(role) + 1);
  return upTo.some((each) => ROLE_PERMISSIONS[each].some((one) => one === permission));
}
