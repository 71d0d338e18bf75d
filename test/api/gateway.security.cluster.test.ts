import type { KubeObject } from "@leanvibe/runtime";
import { AGENT_TASKS, type AgentTaskStatus } from "@leanvibe/schema";
import { afterAll, describe, expect, test } from "vitest";
import { problem } from "../../api-server/src/errors/problem.ts";
import { inDatabase } from "../../api-server/src/testing/database.ts";
import { modelOf } from "../../operator/agent/model/client.ts";
import { BudgetExceeded } from "../../operator/agent/model/errors.ts";
import { NO_USAGE } from "../../operator/agent/model/usage.ts";
import { scriptOf } from "../agent/model/script.ts";
import { type ScriptedModel, startScriptedModel } from "../agent/model/server.ts";
import { type Api, eventually, PODS } from "../harness/cluster.ts";
import {
  type AgentWorld,
  agentPod,
  applyTask,
  type Org,
  organization,
  podIn,
  podToken,
  setStatus,
  tokenOf,
  withAgents,
} from "./agents.ts";

let api: Api;
let model: ScriptedModel;
let world: AgentWorld;
let org: Org;
let other: Org;

withAgents(
  async (made) => {
    ({ api, world, org } = made);
    // More is asked here than a starter's hundred requests a month.
    await inDatabase(world.admin, (client) =>
      client.query("UPDATE tenants SET plan = 'enterprise' WHERE subdomain = $1", [org.name]),
    );
    other = await organization(api, world.server);
  },
  async () => {
    const answers = Array.from({ length: 200 }, () => ({ text: "hello" }));
    model = await startScriptedModel({ script: () => scriptOf("gateway", answers) });
    const price = { input_cents: 0, output_cents: 0 };
    return [{ name: "coder", endpoint: model.url, price, context_tokens: 8_192 }];
  },
);

afterAll(() => model?.close());

type Running = { task: KubeObject; pod: KubeObject; jobName: string; token: string; name: string };

/** A task at which a pod works, as the operator has written it down; known to the API. */
async function running(at: Org = org, spec: object = {}, status: Partial<AgentTaskStatus> = {}): Promise<Running> {
  const task = await applyTask(api, at.namespace, spec);
  const { job, pod } = await agentPod(api, task);
  const jobName = job.metadata.name;
  const ids = { jobName, jobUID: job.metadata.uid ?? "", podName: pod.metadata.name, podUID: pod.metadata.uid ?? "" };
  await setStatus(api, AGENT_TASKS, task, { phase: "Running", attempt: 1, ...ids, ...status });
  await eventually("its row is there", async () => {
    const { body } = await world.server.ask("GET", "/api/v1/tasks?limit=100", undefined, at.headers);
    return (body as unknown as { name: string }[]).some(({ name }) => name === task.metadata.name);
  });
  const name = `${at.namespace}/${task.metadata.name}`;
  return { task, pod, jobName, token: await podToken(api, pod), name };
}

const QUESTION = { messages: [{ role: "user", content: "Say hello." }] };

async function ask(token: string | undefined, name: string | undefined, body: object = QUESTION) {
  const answer = await fetch(`${world.gateway}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(name === undefined ? {} : { "x-leanvibe-task": name }),
    },
    body: JSON.stringify(body),
  });
  const json: unknown = await answer.json();
  const code = answer.status === 200 ? "" : problem.parse(json).error_code;
  return { told: `${answer.status} ${code}`.trim(), json, headers: answer.headers };
}

/** The same way in, for what is asked again and again: it costs no tokens. */
async function knock(token: string, name: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "x-leanvibe-task": name };
  const answer = await fetch(`${world.gateway}/models`, { headers });
  const json: unknown = await answer.json();
  return answer.status === 200 ? "200" : `${answer.status} ${problem.parse(json).error_code}`;
}

/** The agent's own. */
const clientOf = (token: string, name: string) =>
  modelOf({
    url: world.gateway,
    model: "coder",
    token: async () => token,
    headers: { "x-leanvibe-task": name },
    answerBytes: 10_000,
    totalMilliseconds: 5_000,
    idleMilliseconds: 3_000,
    unavailableMilliseconds: 3_000,
    maxTokens: undefined,
    before: NO_USAGE,
    signal: new AbortController().signal,
  });

describe("an agent", () => {
  test("reaches its model by its pod's token, with the agent's own client, and is counted", async () => {
    const { token, name } = await running();
    const client = clientOf(token, name);
    const messages = [{ role: "user" as const, content: "Say hello." }];
    const answer = await client.ask({ messages, maxTokens: 50, temperature: 0, seed: 1 });
    expect(answer).toMatchObject({ text: "hello", usage: { estimated: false } });
    const listed = await fetch(`${world.gateway}/models`, {
      headers: { authorization: `Bearer ${token}`, "x-leanvibe-task": name },
    });
    expect(await listed.json()).toMatchObject({ object: "list", data: [{ id: "coder", context_tokens: 8_192 }] });
    expect(model.asked.at(-1)?.authorization).toBeUndefined();
  });

  test("is stopped by its budget, in words that its client knows", async () => {
    const { token, name } = await running(org, { limits: { maxTokens: 1_000 } });
    const refused = await ask(token, name, { ...QUESTION, max_tokens: 2_000 });
    expect(refused).toMatchObject({
      told: "402 BUDGET_EXCEEDED",
      json: { error: { code: "budget_exceeded", type: "insufficient_quota", message: expect.any(String) } },
    });
    const client = clientOf(token, name);
    const messages = [{ role: "user" as const, content: "Say hello." }];
    await expect(client.ask({ messages, maxTokens: 2_000, temperature: 0, seed: 1 })).rejects.toThrow(BudgetExceeded);
  });
});

describe("nobody else gets in", () => {
  test("without a token, or with one that is none", async () => {
    const { name } = await running();
    expect((await ask(undefined, name)).told).toBe("401 AGENT_NOT_RECOGNIZED");
    for (const token of ["x", "eyJhbGciOiJub25lIn0.e30."]) {
      expect((await ask(token, name)).told).toBe("401 AGENT_NOT_RECOGNIZED");
    }
  });

  test("with a token for another audience: the API server's, the API's [confused deputy]", async () => {
    const { pod, name } = await running();
    for (const audience of [
      "https://kubernetes.default.svc",
      "https://kubernetes.default.svc.cluster.local",
      "leanvibe-api",
    ]) {
      expect((await ask(await podToken(api, pod, { audience }), name)).told).toBe("401 AGENT_NOT_RECOGNIZED");
    }
  });

  test("with a pod of another ServiceAccount in the same namespace [a tenant's own pod]", async () => {
    const { name } = await running();
    const pod = await podIn(api, org.namespace, "mine", "mine");
    expect((await ask(await podToken(api, pod, { account: "mine" }), name)).told).toBe("401 AGENT_NOT_RECOGNIZED");
  });

  test("with a token of the right account that is bound to no pod [made by hand]", async () => {
    const { name } = await running();
    const token = await tokenOf(api, org.namespace, "leanvibe-agent", { audiences: ["leanvibe-gateway"] });
    expect((await ask(token, name)).told).toBe("401 AGENT_NOT_RECOGNIZED");
  });

  test("with the token of a pod that works at another task [header spoofed]", async () => {
    const [one, two] = [await running(), await running()];
    expect((await ask(one.token, two.name)).told).toBe("403 TASK_NOT_OF_AGENT");
    expect((await ask(one.token, one.name)).told).toBe("200");
  });

  test("for a task of another namespace, whether it is there or not [another tenant's budget]", async () => {
    const [own, foreign] = [await running(), await running(other)];
    for (const name of [foreign.name, `${other.namespace}/no-such`, "no-such/no-such"]) {
      const { told, json } = await ask(own.token, name);
      expect(told).toBe("403 TASK_NOT_OF_AGENT");
      expect(JSON.stringify(json)).not.toMatch(/Running|Pending|there is no/i);
    }
  });

  test.each(["", "x", "a/b/c", "../x", "a/", "/b", "A/b", `${"x".repeat(80)}/b`, "a/b%2f", "a b/c"])(
    "by a header that is no task: %j",
    async (name) => {
      const { token } = await running();
      expect((await ask(token, name)).told).toBe("403 TASK_NOT_OF_AGENT");
    },
  );

  test("without the header, or with two", async () => {
    const { token, name } = await running();
    expect((await ask(token, undefined)).told).toBe("403 TASK_NOT_OF_AGENT");
    expect((await ask(token, `${name}, ${name}`)).told).toBe("403 TASK_NOT_OF_AGENT");
  });

  test("with the token of a pod of its own Job that is not the current one, which is told to wait", async () => {
    const { task, jobName, name } = await running();
    const earlier = await podIn(api, org.namespace, `${jobName}-zzzzz`);
    const { told, headers } = await ask(await podToken(api, earlier), name);
    expect([told, headers.get("retry-after")]).toEqual(["503 TASK_NOT_RUNNING", "1"]);
    await setStatus(api, AGENT_TASKS, task, { attempt: 2, podUID: earlier.metadata.uid });
    await eventually("the new pod gets in", async () => (await knock(await podToken(api, earlier), name)) === "200", 5);
  });

  test("with the token of a pod that is gone [replay]", async () => {
    const { token, name, pod } = await running();
    expect(await knock(token, name)).toBe("200");
    await api.remove(PODS, pod.metadata);
    // We believe for three seconds what the API server says, and it believes itself for ten.
    const isRefused = async () => (await knock(token, name)) === "401 AGENT_NOT_RECOGNIZED";
    await eventually("it is refused", isRefused, 14);
  });

  test("with the token of a pod that the operator no longer calls the current one, after three seconds [replay]", async () => {
    const { task, token, name } = await running();
    expect(await knock(token, name)).toBe("200");
    await setStatus(api, AGENT_TASKS, task, { attempt: 2, podUID: "another" });
    await eventually("it is refused", async () => (await knock(token, name)) === "503 TASK_NOT_RUNNING", 4);
  });

  test.each(["Pending", "Queued", "Suspended"] as const)(
    "for a task that is %s, which may come to run",
    async (phase) => {
      const { token, name } = await running(org, {}, { phase });
      const { told, headers, json } = await ask(token, name);
      expect([told, headers.get("retry-after")]).toEqual(["503 TASK_NOT_RUNNING", "1"]);
      expect(json).toMatchObject({ error: { type: "api_error", code: "task_not_running" } });
    },
  );

  test.each(["Cancelled", "BudgetExceeded", "Failed"] as const)(
    "for a task that is %s: it has ended",
    async (phase) => {
      const { task, token, name } = await running();
      expect((await ask(token, name)).told).toBe("200");
      await setStatus(api, AGENT_TASKS, task, { phase });
      await eventually("it is refused", async () => (await ask(token, name)).told === "409 TASK_ENDED", 5);
    },
  );

  test("for a task of an organization that the platform holds, or that owes money", async () => {
    const { token, name } = await running(other);
    const set = (change: string) =>
      inDatabase(world.admin, (client) =>
        client.query(`UPDATE tenants SET ${change} WHERE subdomain = $1`, [other.name]),
      );
    await set("hold = 'Security'");
    expect((await ask(token, name)).told).toBe("403 TENANT_SUSPENDED");
    await set("hold = NULL, standing = 'suspended'");
    expect((await ask(token, name)).told).toBe("402 PAYMENT_REQUIRED");
    await set("standing = 'active'");
    expect((await ask(token, name)).told).toBe("200");
  });
});

describe("whoever is let in", () => {
  test("names a model of the table, and is told which there are", async () => {
    const { token, name } = await running();
    for (const named of ["http://169.254.169.254/latest", "gpt-4", "../coder"]) {
      const { told, json } = await ask(token, name, { ...QUESTION, model: named });
      expect(told).toBe("404 MODEL_NOT_FOUND");
      expect(json).toMatchObject({
        detail: expect.stringContaining("there is coder"),
        error: { code: "model_not_found" },
      });
    }
  });

  test("sends a request that is one, and no more than is read", async () => {
    const { token, name } = await running();
    expect((await ask(token, name, { messages: [] })).told).toBe("400 VALIDATION_FAILED");
    expect((await ask(token, name, { messages: [{ role: "root", content: "x" }] })).told).toBe("400 VALIDATION_FAILED");
    const large = { messages: [{ role: "user", content: "x".repeat(5_000_000) }] };
    // Who does not read on hangs up, and whoever still writes may hear of that first.
    const told = await ask(token, name, large).then(
      (answer) => answer.told,
      () => "hung up",
    );
    expect(["413 BODY_TOO_LARGE", "hung up"]).toContain(told);
  });

  test("reaches nothing of the API's on that port", async () => {
    const base = world.gateway.replace("/v1", "");
    for (const path of ["/api/v1/tasks", "/auth/login", "/docs", "/openapi.json", "/health"]) {
      expect((await fetch(`${base}${path}`)).status).toBe(404);
    }
    const onTheApi = await fetch(`${world.server.url}/v1/chat/completions`, { method: "POST" });
    expect(onTheApi.status).toBe(404);
  });
});
