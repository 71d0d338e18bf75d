import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiRequest, Transport } from "@leanvibe/runtime";
import { API_VERSION } from "@leanvibe/schema";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type FakeModel, fakeModel, whole } from "../testing/model.ts";
import { type TestParts, testParts, testTenant } from "../testing/parts.ts";
import { modelsIn } from "./models.ts";
import { buildGateway } from "./routes.ts";

const POD = { name: "agt-report-6f1c2d3e-abcde", uid: "pod-1" };
const TASK = {
  apiVersion: API_VERSION,
  kind: "AgentTask",
  metadata: { name: "report", namespace: "tenant-acme", uid: "task-1", generation: 1 },
  spec: { title: "Report", description: "D" },
  status: { phase: "Running", jobName: "agt-report-6f1c2d3e", jobUID: "job-1", podName: POD.name, podUID: POD.uid },
};
const USER = {
  username: "system:serviceaccount:tenant-acme:leanvibe-agent",
  extra: {
    "authentication.kubernetes.io/pod-name": [POD.name],
    "authentication.kubernetes.io/pod-uid": [POD.uid],
  },
};

/** A cluster in which one agent works at one task; it takes as long as it is told to. */
class OneAgent implements Transport {
  milliseconds = 0;
  async send({ path }: ApiRequest): Promise<unknown> {
    await sleep(this.milliseconds);
    if (!path.endsWith("/tokenreviews")) return TASK;
    return { status: { authenticated: true, audiences: ["leanvibe-gateway"], user: USER } };
  }
  async *lines(): AsyncIterable<string> {}
  async close(): Promise<void> {}
}

const cluster = new OneAgent();
let running: TestParts;
let server: FakeModel;
let gateway: FastifyInstance;
let base: string;

beforeAll(async () => {
  running = await testParts();
  server = await fakeModel();
  const { parts } = running;
  const tenant = await testTenant(parts, "enterprise");
  const found = { lifecycle: "active", standing: "active", hold: null } as const;
  const row = { id: randomUUID(), tenantId: tenant.id, payerId: tenant.id, plan: "enterprise", ...found } as const;
  const price = { input_cents: 0, output_cents: 0 };
  const model = { name: "coder", endpoint: server.endpoint, context_tokens: 32_768, price, default: true };
  gateway = buildGateway(
    {
      ...parts,
      database: { ...parts.database, findTask: async () => row },
      cluster: {
        transport: cluster,
        server: () => undefined,
        there: () => new Promise(() => undefined),
        close: async () => {},
      },
    },
    { models: modelsIn(JSON.stringify({ models: [model] }), "models.json") },
  );
  base = await gateway.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await gateway.close();
  await server.close();
  await running.close();
});

beforeEach(() => {
  cluster.milliseconds = 0;
  server.asked.length = 0;
  server.answer = (response) => whole(response, { prompt: 11, completion: 7 });
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
let made = 0;
/** A new one each time: what the cluster said of the one before is not asked again. */
const token = () =>
  [
    { alg: "RS256" },
    {
      aud: ["leanvibe-gateway"],
      exp: Math.floor(Date.now() / 1000) + 600 + made++,
      sub: USER.username,
      "kubernetes.io": { pod: POD },
    },
    "signature",
  ]
    .map(part)
    .join(".");

async function ask(body: string, signal?: AbortSignal) {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${token()}`,
    "x-leanvibe-task": "tenant-acme/report",
  };
  const answer = await fetch(`${base}/v1/chat/completions`, {
    method: "POST",
    headers,
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  const json: unknown = await answer.json();
  return { status: answer.status, json };
}

const MESSAGES = [{ role: "user", content: "Say hello." }];

test("a call goes to the model, and its answer comes back", async () => {
  expect(await ask(JSON.stringify({ messages: MESSAGES }))).toMatchObject({
    status: 200,
    json: { choices: [{ message: { content: "hello" } }] },
  });
});

test.each([
  [
    "one schema",
    (values: string) => `{"messages":[],"response_format":{"type":"json_schema","json_schema":[${values}]}}`,
  ],
  ["messages", (values: string) => `{"messages":[${values}]}`],
  ["what nobody reads", (values: string) => `{"messages":[],"more":[${values}]}`],
])("a million values in %s are refused before they are parsed [flood]", async (_where, text) => {
  expect(await ask(text(Array(1_000_000).fill("{}").join()))).toMatchObject({
    status: 400,
    json: { error_code: "VALIDATION_FAILED", detail: expect.stringContaining("too many values") },
  });
  expect(server.asked).toEqual([]);
});

test("whose client goes while the cluster is asked about it costs nothing: no model is asked [free rides]", async () => {
  cluster.milliseconds = 200;
  const gone = new AbortController();
  const asking = ask(JSON.stringify({ messages: MESSAGES }), gone.signal).catch(() => undefined);
  await sleep(100);
  gone.abort();
  await asking;
  await sleep(600);
  expect(server.asked).toEqual([]);
});
