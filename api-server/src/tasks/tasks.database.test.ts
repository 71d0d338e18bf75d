import { randomUUID } from "node:crypto";
import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import type { App } from "../app.ts";
import { settle } from "../metering/ledger.ts";
import { monthScope } from "../metering/meters.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "../testing/app.ts";
import { inDatabase } from "../testing/database.ts";
import { type Headers, signedIn, type TestTenant, testTenant, testUser } from "../testing/parts.ts";
import { unzip } from "../testing/unzip.ts";

let parts: Parts;
let app: App;
let admin: string;

const ask = withApp((running, built) => {
  parts = running.parts;
  admin = running.admin;
  app = built;
});

/** As the tutorial's curl has it. */
const SEED = {
  title: "Create user analytics dashboard API",
  description: "Build REST API endpoints for user activity analytics",
  priority: "high",
  requirements: {
    features: ["real_time_metrics", "historical_data", "export_reports"],
    performance: "sub_500ms_response",
    security: "authenticated_users_only",
  },
};

async function tenantWith(plan = "starter"): Promise<{ tenant: TestTenant; headers: Headers }> {
  const tenant = await testTenant(parts, plan);
  return { tenant, headers: (await signedIn(app, tenant, await testUser(parts, tenant))).headers };
}

const create = (headers: Headers, more: object = {}) => ask("POST", "/api/v1/tasks", headers, { ...SEED, ...more });
const change = (text: string, values: unknown[] = []) => inDatabase(admin, (client) => client.query(text, values));

describe("a task", () => {
  test("is taken as the tutorial asks for it, and waits for an agent", async () => {
    const { tenant, headers } = await tenantWith();
    const made = await create(headers);
    expect(made).toMatchObject({
      status: 202,
      headers: { location: `/api/v1/tasks/${made.body.id}` },
      body: { ...SEED, tenant_id: tenant.id, status: "pending", phase: "Pending", progress: 0, queue_position: null },
    });
    expect(made.body.name).toMatch(/^create-user-analytics-dashboard-api-[0-9a-f]{8}$/);
    expect((await ask("GET", `/api/v1/tasks/${made.body.id}`, headers)).body).toEqual(made.body);
    const waiting = await change("SELECT topic, payload FROM outbox WHERE tenant_id = $1", [tenant.id]);
    expect(waiting.rows).toEqual([{ topic: "task.apply", payload: { task: made.body.id } }]);
  });

  test("waits behind those before it, urgent ones first", async () => {
    const { headers } = await tenantWith();
    const positions = [];
    for (const priority of ["low", "low", "medium", "urgent"]) {
      positions.push((await create(headers, { priority })).body.queue_position);
    }
    expect(positions).toEqual([null, 1, null, null]);
    const { body } = await ask("GET", "/api/v1/tasks", headers);
    expect(body.map(({ priority, queue_position }: Record<string, unknown>) => [priority, queue_position])).toEqual([
      ["low", 2],
      ["low", 3],
      ["medium", 1],
      ["urgent", null],
    ]);
  });

  test("is one too many where as many wait as the plan has room for, of 60 that come at once", async () => {
    const { headers } = await tenantWith();
    const answers = await Promise.all(Array.from({ length: 60 }, () => create(headers)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
    const refused = answers.filter(({ status }) => status !== 202);
    for (const { status, body } of refused) expect([status, body.error_code]).toEqual([429, "TASK_QUEUE_FULL"]);
  });

  test("is not begun where the month's tokens are used up; a child's budget is its parent's", async () => {
    const { tenant, headers } = await tenantWith();
    const scope = monthScope(new Date());
    const used = [{ meter: "ai_tokens", quantity: 1_000_000, scopes: [scope] }] as const;
    const about = { source: "test", usedBy: tenant.id, taskId: null, details: {} };
    const child = await tenantWith();
    await change("UPDATE tenants SET parent_id = $1 WHERE id = $2", [tenant.id, child.tenant.id]);
    expect((await create(child.headers)).status).toBe(202);
    await parts.database.write(tenant.id, (tx) => settle(tx, randomUUID(), used, about));
    for (const who of [headers, child.headers]) {
      expect(await create(who)).toMatchObject({
        status: 402,
        body: {
          error_code: "BUDGET_EXCEEDED",
          detail: "Usage limit exceeded for ai_tokens: 1000000 of 1000000 this month.",
        },
      });
    }
  });

  test("with an Idempotency-Key is made once", async () => {
    const { headers } = await tenantWith();
    const keyed = { ...headers, "idempotency-key": randomUUID() };
    const [first, second] = [await create(keyed), await create(keyed)];
    expect([first.status, second.status, second.body]).toEqual([202, 202, first.body]);
    expect((await ask("GET", "/api/v1/tasks", headers)).body).toHaveLength(1);
  });

  test.each([
    ["requirements of more than 16 KiB", { requirements: { text: "x".repeat(16_384) } }, "body.requirements"],
    ["requirements with NUL deep inside", { requirements: { a: [{ b: "\0" }] } }, "body.requirements"],
    [
      "requirements nested for ever",
      { requirements: JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`) },
      "body.requirements",
    ],
    ["a file outside of the workspace", { source: [{ path: "../x", content: "" }] }, "body.source[0].path"],
    [
      "two files of one name",
      {
        source: [
          { path: "a", content: "1" },
          { path: "a", content: "2" },
        ],
      },
      "body.source",
    ],
    ["a case that says nothing", { acceptance: [{ name: "n", command: "x", expect: {} }] }, "body.acceptance[0]"],
    ["a model by its address", { model: "http://169.254.169.254/" }, "body.model"],
    ["a priority of its own", { priority: "now" }, "body.priority"],
  ])("with %s is refused, and nothing is written", async (_what, more, path) => {
    const { tenant, headers } = await tenantWith();
    const answer = await create(headers, more);
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_FAILED" } });
    expect(answer.body.errors[0].path).toContain(path);
    const { rows } = await change("SELECT FROM tasks WHERE tenant_id = $1", [tenant.id]);
    expect(rows).toEqual([]);
  });

  test("that is more than an agent can be given is refused", async () => {
    const { headers } = await tenantWith();
    const source = Array.from({ length: 4 }, (_, at) => ({ path: `f${at}.ts`, content: "x".repeat(60_000) }));
    expect(await create(headers, { source })).toMatchObject({ status: 413, body: { error_code: "TASK_TOO_LARGE" } });
  });

  test("is of a project of the same organization, or refused", async () => {
    const { headers } = await tenantWith();
    const project = await ask("POST", "/api/v1/projects", headers, { name: "P" });
    expect((await create(headers, { project_id: project.body.id })).status).toBe(202);
    const filtered = await ask("GET", `/api/v1/tasks?project_id=${project.body.id}&status=pending`, headers);
    expect(filtered.body).toHaveLength(1);
    expect((await ask("GET", "/api/v1/tasks?status=completed", headers)).body).toEqual([]);
    const stranger = await tenantWith();
    expect(await create(stranger.headers, { project_id: project.body.id })).toMatchObject({
      status: 404,
      body: { error_code: "PROJECT_NOT_FOUND" },
    });
  });
});

describe("as many as a plan has in an hour", () => {
  /** So many that were begun then and have ended. */
  const begun = (tenant: TestTenant, count: number, at: Date, managedBy = "api") =>
    change(
      `INSERT INTO tasks (tenant_id, id, name, title, description, phase, managed_by, created_at)
       SELECT $1, id, 't' || n, 'T', 'D', 'Cancelled', $3, $4
       FROM unnest($2::uuid[]) WITH ORDINALITY AS given (id, n)`,
      [tenant.id, Array.from({ length: count }, () => uuid({ msecs: at.getTime() })), managedBy, at],
    );
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000);

  test("are made, cancelled and made again, and no more of them: a loop fills no database [flood]", async () => {
    const { tenant, headers } = await tenantWith();
    await begun(tenant, 195, ago(3_000));
    let { body } = await create(headers);
    for (let left = 4; left > 0; left--) {
      await ask("POST", `/api/v1/tasks/${body.id}/cancel`, headers);
      ({ body } = await ask("POST", `/api/v1/tasks/${body.id}/retry`, headers));
      expect(body.phase).toBe("Pending");
    }
    await ask("POST", `/api/v1/tasks/${body.id}/cancel`, headers);
    const refused = [await ask("POST", `/api/v1/tasks/${body.id}/retry`, headers), await create(headers)];
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 429, body: { error_code: "TASKS_PER_HOUR_REACHED" } });
      expect(answer.body.detail).toContain("200 tasks within an hour");
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(500);
      expect(Number(answer.headers["retry-after"])).toBeLessThanOrEqual(600);
    }
    const { rows } = await change("SELECT count(*)::int AS count FROM tasks WHERE tenant_id = $1", [tenant.id]);
    expect(rows).toEqual([{ count: 200 }]);
  });

  test("are no more of 20 that come at once [race]", async () => {
    const { tenant, headers } = await tenantWith();
    await begun(tenant, 195, ago(10));
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(headers)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
  });

  test("are those of this hour and of the API, not another tenant's", async () => {
    const { tenant, headers } = await tenantWith();
    const other = await tenantWith();
    await begun(tenant, 199, ago(10));
    await begun(tenant, 300, ago(3_700));
    await begun(tenant, 300, ago(10), "kubectl");
    await begun(other.tenant, 300, ago(10));
    expect([(await create(headers)).status, (await create(headers)).status]).toEqual([202, 429]);
  });

  test("are more on a larger plan", async () => {
    const { tenant, headers } = await tenantWith("professional");
    await begun(tenant, 1_999, ago(10));
    expect([(await create(headers)).status, (await create(headers)).status]).toEqual([202, 429]);
  });
});

describe("ending and running again", () => {
  test("cancelled twice is cancelled once, and only what has ended is run again", async () => {
    const { headers } = await tenantWith();
    const { body } = await create(headers);
    const url = `/api/v1/tasks/${body.id}`;
    expect(await ask("POST", `${url}/retry`, headers)).toMatchObject({
      status: 409,
      body: { error_code: "TASK_NOT_ENDED" },
    });
    const first = await ask("POST", `${url}/cancel`, headers);
    expect(first).toMatchObject({ status: 202, body: { phase: "Cancelled", status: "failed" } });
    expect((await ask("POST", `${url}/cancel`, headers)).body).toEqual(first.body);
    const again = await ask("POST", `${url}/retry`, headers);
    expect(again).toMatchObject({ status: 202, body: { retry_of: body.id, title: body.title, phase: "Pending" } });
    expect(again.body.id).not.toBe(body.id);
    const audit = await ask("GET", "/api/v1/audit", headers);
    const actions = audit.body.map(({ action }: { action: string }) => action);
    expect(actions.filter((each: string) => each.startsWith("task."))).toHaveLength(3);
  });

  test("what is done cannot be cancelled", async () => {
    const { headers } = await tenantWith();
    const { body } = await create(headers);
    await change("UPDATE tasks SET phase = 'Succeeded' WHERE id = $1", [body.id]);
    expect(await ask("POST", `/api/v1/tasks/${body.id}/cancel`, headers)).toMatchObject({
      status: 409,
      body: { error_code: "TASK_ENDED" },
    });
  });
});

describe("what an agent made", () => {
  test("comes as JSON and as a ZIP, and not before it is there", async () => {
    const { tenant, headers } = await tenantWith();
    const { body } = await create(headers);
    const url = `/api/v1/tasks/${body.id}/code`;
    expect(await ask("GET", url, headers)).toMatchObject({ status: 409, body: { error_code: "CODE_NOT_READY" } });
    await change("UPDATE tasks SET phase = 'Succeeded', collected_at = now(), lines_of_code = 2 WHERE id = $1", [
      body.id,
    ]);
    await change(
      `INSERT INTO task_files (tenant_id, task_id, kind, path, content) VALUES
       ($1, $2, 'code', 'src/a.ts', 'one'), ($1, $2, 'test', 'src/a.test.ts', 'two'), ($1, $2, 'documentation', 'README.md', '# A')`,
      [tenant.id, body.id],
    );
    expect((await ask("GET", url, headers)).body).toMatchObject({
      lines_of_code: 2,
      files: [{ path: "src/a.ts", content: "one" }],
      tests: [{ path: "src/a.test.ts" }],
      documentation: [{ path: "README.md" }],
    });
    for (const way of [
      { url: `${url}?format=zip`, headers },
      { url, headers: { ...headers, accept: "application/zip" } },
    ]) {
      const answer = await app.inject({ method: "GET", ...way });
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "application/zip"]);
      const files = unzip(answer.rawPayload);
      expect([...files].map(([name, bytes]) => [name, bytes.toString()])).toEqual([
        ["src/a.ts", "one"],
        ["src/a.test.ts", "two"],
        ["README.md", "# A"],
      ]);
    }
  });
});
