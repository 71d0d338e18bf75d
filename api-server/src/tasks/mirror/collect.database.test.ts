import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { AGENT_LIMITS, type AgentArtifact } from "@leanvibe/schema";
import { artifactIn, UnusableArtifact } from "@leanvibe/schema/artifact";
import { describe, expect, test } from "vitest";
import type { App } from "../../app.ts";
import type { Parts } from "../../parts.ts";
import { withApp } from "../../testing/app.ts";
import { inDatabase } from "../../testing/database.ts";
import { type Headers, signedIn, testTenant, testUser } from "../../testing/parts.ts";
import { storeArtifact } from "./store.ts";

let parts: Parts;
let app: App;

let admin: string;
const change = (text: string, values: unknown[]) => inDatabase(admin, (client) => client.query(text, values));

const ask = withApp((running, built) => {
  ({ parts, admin } = running);
  app = built;
});

const step = (more: object = {}) => ({
  agent_id: "agent-1",
  step: "code_generation",
  status: "completed" as const,
  prompt: "p",
  output: "o",
  ms: 5,
  tokens: 7,
  started_at: "2026-11-26T05:00:00.000Z",
  ...more,
});

const artifact = (more: object = {}): AgentArtifact => ({
  version: 1,
  files: [{ path: "src/a.ts", content: "export {};\n" }],
  tests: [{ path: "src/a.test.ts", content: "test" }],
  documentation: [{ path: "README.md", content: "# A" }],
  steps: [step(), step({ step: "test_generation", agent_id: "agent-2" })],
  checkpoint: { iterations: 1, data: {} },
  linesOfCode: 1,
  complexity: 1,
  truncated: [],
  ...more,
});

const packed = (value: unknown) => gzipSync(typeof value === "string" ? value : JSON.stringify(value));
const sumOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const read = (value: unknown) => {
  const bytes = packed(value);
  return artifactIn(bytes, sumOf(bytes));
};

async function newTask(): Promise<{ headers: Headers; row: Parameters<typeof storeArtifact>[1] }> {
  const tenant = await testTenant(parts);
  const { headers } = await signedIn(app, tenant, await testUser(parts, tenant));
  const { body } = await ask("POST", "/api/v1/tasks", headers, { title: "T", description: "D", language: "python" });
  const row = await parts.database.read(tenant.id, (db) =>
    db.task.findFirstOrThrow({ where: { tenantId: tenant.id, id: body.id } }),
  );
  return { headers, row };
}

describe("an artifact", () => {
  test("is read where it is what was reported", async () => {
    expect(await read(artifact())).toEqual(artifact());
  });

  test.each([
    [
      "of other bytes than were reported [forged]",
      () => artifactIn(packed(artifact()), "0".repeat(64)),
      "not what the agent",
    ],
    ["that unpacks without end [bomb]", () => read("x".repeat(AGENT_LIMITS.unpackedBytes + 1)), "does not unpack"],
    [
      "larger than an agent may write",
      () => artifactIn(Buffer.alloc(AGENT_LIMITS.artifactBytes + 1), ""),
      "larger than",
    ],
    ["that is not compressed", () => artifactIn(Buffer.from("{}"), sumOf(Buffer.from("{}"))), "does not unpack"],
    ["that is no JSON", () => read("{"), "no JSON"],
    [
      "with a file outside of the workspace [escape]",
      () => read(artifact({ files: [{ path: "../../etc/cron.d/x", content: "" }] })),
      "files.0.path",
    ],
    ["with a hidden file [escape]", () => read(artifact({ tests: [{ path: ".npmrc", content: "" }] })), "tests.0.path"],
    [
      "with more steps than anybody takes",
      () => read(artifact({ steps: Array.from({ length: 1_001 }, () => step()) })),
      "steps",
    ],
    ["of another shape", () => read({ version: 2 }), "does not fit"],
    [
      "of millions of values, which parsed would take hundreds of megabytes [bomb]",
      () => read(JSON.stringify(artifact()).replace('"data":{}', `"data":[${Array(1_000_000).fill("{}").join()}]`)),
      "too many values",
    ],
  ])("%s is of no use, and says why", async (_what, reading, why) => {
    const error = await reading().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnusableArtifact);
    expect(String(error)).toContain(why);
  });

  test("is stored once, whole, as PostgreSQL can keep it, and its agents are known from then on", async () => {
    const { headers, row } = await newTask();
    const hostile = artifact({
      files: [
        { path: "src/a.ts", content: "a\0b\ud800" },
        { path: "src/a.ts", content: "twice" },
      ],
      steps: [
        step({ prompt: "nul \0 here", ms: Number.MAX_SAFE_INTEGER }),
        step({ agent_id: "agent-2", status: "failed" }),
      ],
      truncated: ["steps[0].prompt"],
    });
    await Promise.all([1, 2, 3].map(() => storeArtifact(parts.database, row, hostile)));
    const url = `/api/v1/tasks/${row.id}`;
    expect((await ask("GET", `${url}/steps`, headers)).body).toMatchObject([
      { agent_id: "agent-1", prompt: "nul \uFFFD here", ms: 2_147_483_647, status: "completed" },
      { agent_id: "agent-2", status: "failed" },
    ]);
    expect((await ask("GET", `${url}/code`, headers)).body).toMatchObject({
      files: [{ path: "src/a.ts", content: "twice" }],
      lines_of_code: 1,
      truncated: ["steps[0].prompt"],
    });
    expect((await ask("GET", url, headers)).body).toMatchObject({ code_ready: true });
    expect((await ask("GET", "/api/v1/agents", headers)).body).toMatchObject([
      { agent_id: "agent-1", capabilities: ["code_generation"], languages: ["python"], tasks: 1 },
      { agent_id: "agent-2", capabilities: [], tasks: 1 },
    ]);
  });

  test("by agents without end leaves the newest of them [flood]", async () => {
    const { row, headers } = await newTask();
    await change(
      `INSERT INTO agents (tenant_id, id, name, last_seen_at)
       SELECT $1, gen_random_uuid(), 'old-' || n, now() - n * interval '1 hour' FROM generate_series(1, 250) AS n`,
      [row.tenantId],
    );
    const steps = Array.from({ length: 100 }, (_, at) => step({ agent_id: `new-${at}`, step: `made-up-${at}` }));
    await storeArtifact(parts.database, row, artifact({ steps }));
    const names = await parts.database.read(row.tenantId, (db) => db.agent.findMany({ select: { name: true } }));
    const known = new Set(names.map(({ name }) => name));
    expect([known.size, known.has("new-0"), known.has("old-1"), known.has("old-250")]).toEqual([
      200,
      true,
      true,
      false,
    ]);
    const listed = await ask("GET", "/api/v1/agents?limit=100", headers);
    expect([listed.body.length, listed.headers["x-next-cursor"] === undefined]).toEqual([100, false]);
  });

  test("as large as may be is stored within the time of a transaction", async () => {
    const { row, headers } = await newTask();
    const content = "0123456789abcdef".repeat(4_000);
    const files = Array.from({ length: 100 }, (_, at) => ({ path: `src/f${at}.ts`, content }));
    const steps = Array.from({ length: 1_000 }, () => step({ prompt: "p".repeat(8_000) }));
    await storeArtifact(parts.database, row, artifact({ files, steps }));
    expect((await ask("GET", `/api/v1/tasks/${row.id}/steps?limit=100`, headers)).body).toHaveLength(100);
  });
});
