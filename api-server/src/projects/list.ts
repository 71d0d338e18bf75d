import { textOf, timeOf } from "../db/cells.ts";
import type { Database } from "../db/database.ts";
import type { Statement } from "../db/lanes.ts";
import type { Page } from "../http/pages.ts";
import type { ProjectBody } from "./schema.ts";

/** Before every id. */
const FIRST = "00000000-0000-0000-0000-000000000000";

/** What a tenant sees of its projects, a page of them: deleted ones are as if they had never been. */
const LIST: Statement<ProjectBody> = {
  name: "lv_projects",
  text: `
    SELECT id, tenant_id, name, description, status, created_at, updated_at FROM projects
    WHERE tenant_id = $1::uuid AND status <> 'deleted' AND id > $2::uuid ORDER BY id LIMIT $3::bigint`,
  row: ([id, tenantId, name, description, status, createdAt, updatedAt]) => ({
    id: textOf(id),
    tenant_id: textOf(tenantId),
    name: textOf(name),
    description: description ?? null,
    status: status === "archived" ? "archived" : "active",
    created_at: timeOf(createdAt),
    updated_at: timeOf(updatedAt),
  }),
};

/** In the order of their creation; one more than `limit` where there is more. */
export function listProjects(database: Database, tenantId: string, { cursor, limit }: Page): Promise<ProjectBody[]> {
  return database.rows(tenantId, LIST, [tenantId, cursor ?? FIRST, String(limit + 1)]);
}
