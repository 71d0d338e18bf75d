import type { Kind } from "@leanvibe/runtime";
import { GROUP, TENANT, VERSION } from "@leanvibe/schema";

/** Where our own kinds live in the API. */
export const TENANTS: Kind = {
  group: GROUP,
  version: VERSION,
  kind: TENANT.kind,
  plural: TENANT.plural,
  namespaced: false,
};
