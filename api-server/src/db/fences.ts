import type pg from "pg";
import { z } from "zod";
import { JOBS_SCHEMA } from "../outbox/schema.ts";
import { DEFINER_FUNCTIONS, DEFINER_SETTING, reachOf, TABLES } from "./roles.ts";

/**
 * What stands between tenants, as the database says it: a line for each table, policy, grant and function with its
 * owner's rights. The table that migrations keep about themselves holds nobody's data.
 */
const FOUND = `
  SELECT format('table %s of %s: row-level security %s, %s', relname, pg_get_userbyid(relowner),
    CASE WHEN relrowsecurity THEN 'on' ELSE 'off' END, CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'not forced' END) AS line
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND relname <> 'lv_migrations'
  UNION ALL
  SELECT format('policy on %s: %s %s may %s %s with check %s', tablename, permissive, array_to_string(roles, ', '), cmd, qual, with_check)
  FROM pg_policies WHERE schemaname = 'public'
  UNION ALL
  SELECT format('grant on %s: %s may %s', c.relname, coalesce(nullif(a.grantee, 0)::regrole::text, 'everybody'),
    string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type))
  FROM pg_class c, aclexplode(c.relacl) a
  WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner GROUP BY c.relname, a.grantee
  UNION ALL
  SELECT format('grant on schema %s: %s may %s', n.nspname, coalesce(nullif(a.grantee, 0)::regrole::text, 'everybody'),
    string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type))
  FROM pg_namespace n, aclexplode(n.nspacl) a
  WHERE n.nspname = '${JOBS_SCHEMA}' AND a.grantee <> n.nspowner GROUP BY n.nspname, a.grantee
  UNION ALL
  SELECT format('columns on %s: granted by themselves (%s)', a.attrelid::regclass, a.attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL
  UNION ALL
  SELECT format('tenant %s(%s): %s', p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_sqlbody(p.oid))
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname = 'lv_tenant'
  UNION ALL
  SELECT format('function %s(%s) of %s (%s): %s may call it', p.proname, pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner),
    (SELECT string_agg(s, ', ') FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%'),
    (SELECT string_agg(coalesce(nullif(a.grantee, 0)::regrole::text, 'everybody'), ', ')
     FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner))
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef`;

function expected(): string[] {
  return [
    ...Object.entries(TABLES).flatMap(([table, fences]) => linesOf(table, fences)),
    "tenant lv_tenant(): RETURN (current_setting('lv.tenant_id'::text))::uuid",
    `grant on schema ${JOBS_SCHEMA}: lv_worker may USAGE`,
    ...functionLines(),
  ];
}

function linesOf(table: string, { column, roles, lookup }: (typeof TABLES)[string]): string[] {
  const reach = { own: `(${column} = lv_tenant())`, every: "true" };
  return [
    `table ${table} of lv_owner: row-level security on, forced`,
    ...Object.entries(roles).flatMap(([role, given]) => {
      const { rows, may } = reachOf(given);
      return [
        `policy on ${table}: PERMISSIVE ${role} may ALL ${reach[rows]} with check ${reach[rows]}`,
        ...(role === "lv_owner" ? [] : [`grant on ${table}: ${role} may ${may.join(", ")}`]),
      ];
    }),
    ...(lookup ? [`policy on ${table}: PERMISSIVE lv_owner may SELECT true with check `] : []),
  ];
}

function functionLines(): string[] {
  return Object.entries(DEFINER_FUNCTIONS).map(
    ([signature, callers]) =>
      `function ${signature} of lv_owner (${DEFINER_SETTING}): ${callers.join(", ")} may call it`,
  );
}

const lines = z.array(z.object({ line: z.string() }));

/** What differs between the database's fences and what `roles.ts` says of them, in words; none is as it must be. */
export async function faultsOfFences(client: pg.ClientBase | pg.Pool): Promise<string[]> {
  const { rows } = await client.query(FOUND);
  const found = new Set(lines.parse(rows).map(({ line }) => line));
  const wanted = new Set(expected());
  return [
    ...[...wanted].filter((line) => !found.has(line)).map((line) => `missing: ${line}`),
    ...[...found].filter((line) => !wanted.has(line)).map((line) => `not known of: ${line}`),
  ];
}
