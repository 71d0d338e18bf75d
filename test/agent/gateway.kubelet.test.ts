import { KINDS, recordOf } from "@leanvibe/runtime";
import { AGENT_TASKS, agentConfigMaps, agentJobName } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { type FakeModel, fakeModel } from "../../api-server/src/testing/model.ts";
import { leadToGateway } from "../../cli/src/gateway.ts";
import { type AgentWorld, agentWorld } from "../api/agents.ts";
import { createByApi, signIn } from "../api/tenants.ts";
import { type Api, apiOf, connectAs, eventually, Operator, uniqueName, untilCondition } from "../harness/cluster.ts";
import { readScript } from "./model/script.ts";
import { type ScriptedModel, startScriptedModel } from "./model/server.ts";
import { DONE, loadPlayedAgent, outcome, PLAYED_IMAGE, report } from "./played.ts";
import { loadShippedAgent } from "./shipped.ts";

/** All of it for real but the model and what the agent does: request, row, object, Job, pod, its token, the gateway, rows. */

let api: Api;
let model: FakeModel;
let scripted: ScriptedModel;
let world: AgentWorld;
let operator: Operator | undefined;
let gatewayUrl: string;
let headers: Record<string, string>;
let namespace: string;

beforeAll(async () => {
  await loadPlayedAgent();
  api = apiOf(await connectAs());
  model = await fakeModel();
  scripted = await startScriptedModel({ script: () => readScript("analytics") });
  const price = { input_cents: 0, output_cents: 0 };
  const models = [
    { name: "coder", endpoint: model.endpoint, price, context_tokens: 8_192 },
    { name: "scripted", endpoint: scripted.url, price, context_tokens: 32_768, max_output_tokens: 2_000 },
  ];
  world = await agentWorld(api, models, "0.0.0.0");
  await world.server.start();
  const way = await leadToGateway(api.transport, world.gatewayPort, {});
  if (typeof way !== "object") throw new Error("this cluster's pods have no way to this machine");
  gatewayUrl = `http://${way.serviceIP}/v1`;
  operator = await Operator.start(api.transport, {
    env: { AGENT_IMAGE: PLAYED_IMAGE, AGENT_GATEWAY_URL: gatewayUrl },
  });
  const name = uniqueName("gate");
  namespace = `tenant-${name}`;
  headers = await signIn(world.server, await createByApi(world.server, name), `owner@${name}.example`);
  await untilCondition(api, name, ["Ready", "True"]);
}, 240_000);

afterAll(async () => {
  await world?.close();
  await operator?.stop();
  await model?.close();
  await scripted?.close();
  await api.transport.close();
}, 120_000);

const ask = (method: string, path: string, body?: object) => world.server.ask(method, path, body, headers);

async function runTask(lines: readonly string[], more: object = {}): Promise<Record<string, unknown>> {
  const { status, body } = await ask("POST", "/api/v1/tasks", {
    title: "Played",
    description: lines.join("\n"),
    ...more,
  });
  if (status !== 202) throw new Error(JSON.stringify(body));
  return await eventually(
    `task ${String(body["name"])} ends`,
    async () => {
      const now = (await ask("GET", `/api/v1/tasks/${String(body["id"])}`)).body;
      return now["status"] === "completed" || now["status"] === "failed" ? now : undefined;
    },
    120,
  );
}

describe("a task of the API", () => {
  it("runs as a pod that reaches its model through the gateway, is counted, and its ConfigMaps are taken away", async () => {
    const done = await runTask([
      `report ${report({ stage: "analysis", progress: 15 })}`,
      "model 200",
      `report ${DONE}`,
    ]);
    expect(done).toMatchObject({ status: "completed", phase: "Succeeded", progress: 100, attempt: 1 });
    expect(model.asked).toHaveLength(1);
    expect(model.asked[0]?.headers.authorization).toBeUndefined();
    const { rows } = await inDatabase(world.admin, (client) =>
      client.query("SELECT meter, quantity::int FROM usage_events WHERE task_id = $1 ORDER BY meter", [done["id"]]),
    );
    expect(rows).toEqual([
      { meter: "ai_requests", quantity: 1 },
      { meter: "ai_tokens", quantity: 18 },
    ]);
    const object = await api.get(AGENT_TASKS, String(done["name"]), namespace);
    const maps = agentConfigMaps(agentJobName(object.metadata.name, object.metadata.uid ?? ""));
    await eventually("its report is gone", async () => {
      return (await api.find(KINDS.ConfigMap, maps.report, namespace)) === undefined;
    });
  }, 180_000);

  it("is told by the gateway that its budget is used up, and ends so", async () => {
    const broke = report(outcome("BudgetExceeded", "BudgetExceeded"));
    // More than the task may take is reserved for one call alone.
    const done = await runTask(["model 402", `report ${broke}`], {
      limits: { max_tokens: 1_000 },
      source: [{ path: "a.ts", content: "" }],
    });
    expect(done).toMatchObject({ status: "failed", phase: "BudgetExceeded" });
  }, 180_000);
});

describe("a task of the API, by the agent that ships", () => {
  beforeAll(async () => {
    const { reference } = await loadShippedAgent();
    await operator?.stop();
    operator = await Operator.start(api.transport, {
      env: { AGENT_IMAGE: reference, AGENT_GATEWAY_URL: gatewayUrl },
    });
  }, 240_000);

  it("is stopped by its budget in the middle: what it made until then is kept, and all that its model was asked is counted", async () => {
    // Room for the code's answer, and not for that of the tests, which is asked with the code in the question.
    const done = await runTask([], {
      title: "Create user analytics dashboard API",
      description: "Activity of users by HTTP, with reports.",
      model: "scripted",
      limits: { max_tokens: 5_000 },
    });
    expect(done).toMatchObject({ status: "failed", phase: "BudgetExceeded", stage: "code", progress: 50 });
    expect(scripted.asked.map(({ phase }) => phase)).toEqual(["analysis", "architecture", "code"]);
    const tokens = scripted.asked.reduce((sum, asked) => sum + asked.tokens, 0);
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(5_000);

    const id = String(done["id"]);
    const { rows } = await inDatabase(world.admin, (client) =>
      client.query(
        "SELECT meter, count(*)::int AS rows, sum(quantity)::int AS quantity FROM usage_events WHERE task_id = $1 GROUP BY meter ORDER BY meter",
        [id],
      ),
    );
    expect(rows).toEqual([
      { meter: "ai_requests", rows: 3, quantity: 3 },
      { meter: "ai_tokens", rows: 3, quantity: tokens },
    ]);
    const { input_tokens: input, output_tokens: output, llm_calls: calls } = recordOf(done["usage"]);
    expect([Number(input) + Number(output), calls]).toEqual([tokens, 3]);

    const kept = await eventually("its code is taken over", async () => {
      const { status, body } = await ask("GET", `/api/v1/tasks/${id}/code`);
      return status === 200 && body;
    });
    expect(JSON.stringify(kept)).toContain("src/app.ts");
  }, 180_000);
});
