import { isApiError, objectPath, type Transport } from "@leanvibe/runtime";
import { ANNOTATIONS, parseTenant, TENANTS, type Tenant } from "@leanvibe/schema";
import type pg from "pg";

/**
 * Whether a tenant of that id was deleted: nothing brings its rows back, and the object that the API made for it goes too.
 * @param pool of role lv_worker
 */
export async function isErased(pool: pg.Pool, id: string | undefined): Promise<boolean> {
  if (id === undefined) return false;
  const { rowCount } = await pool.query(
    "SELECT FROM deleted_tenants WHERE id = $1::uuid UNION ALL SELECT FROM tenants WHERE id = $1::uuid AND lifecycle = 'deleted'",
    [id],
  );
  return (rowCount ?? 0) > 0;
}

/** The id of the tenant for which the API made an object; undefined where kubectl did. */
export function madeFor({ metadata: { annotations = {} } }: Tenant): string | undefined {
  return annotations[ANNOTATIONS.managedBy] === "api" ? annotations[ANNOTATIONS.tenantId] : undefined;
}

/**
 * Deletes the cluster's Tenant of a tenant whose rows are gone; its deletionPolicy says what becomes of the namespaces. One
 * that somebody else made under the name meanwhile stays.
 * @throws ApiError, Error of the connection: it is tried again
 */
export async function deleteObject(transport: Transport, subdomain: string, tenantId: string): Promise<void> {
  const path = objectPath(TENANTS, { name: subdomain });
  const answer = await transport.send({ method: "GET", path }).catch(goneOr(undefined));
  if (answer === undefined) return;
  const parsed = parseTenant(answer);
  if (!parsed.ok || madeFor(parsed.value) !== tenantId) return;
  const { uid, deletionTimestamp } = parsed.value.metadata;
  if (deletionTimestamp !== undefined) return;
  const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
  await transport.send({ method: "DELETE", path, body }).catch(goneOr(undefined));
}

/** Gone, or another one by now (a conflict of uids). */
function goneOr<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isApiError(error, 404) || isApiError(error, 409)) return value;
    throw error;
  };
}
