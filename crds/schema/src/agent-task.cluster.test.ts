import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AGENT_TASK } from "./agent-task.ts";
import { customResourceDefinition, rulesIn, schemaOf } from "./crd.ts";
import {
  AGENT_TASK_RULE_CASES,
  AGENT_TASK_STATUS_CASES,
  AGENT_TASK_TRANSITIONS,
  agentTaskObject,
} from "./testing/agent-task-cases.ts";
import { type Answer, apply, call, eventually } from "./testing/api-server.ts";
import { misjudged } from "./testing/judging.ts";

test("every CEL rule of the AgentTask has exactly one case", () => {
  // What is fixed at creation is tried below, field by field.
  const messages = rulesIn(schemaOf(AGENT_TASK)).map(({ message }) => message);
  const cases = [...AGENT_TASK_RULE_CASES, ...AGENT_TASK_STATUS_CASES, ...AGENT_TASK_TRANSITIONS];
  const covered = cases.map(({ message }) => messages.filter((text) => text.includes(message)));
  expect(covered.filter((found) => found.length !== 1)).toEqual([]);
  const others = messages.filter((message) => !covered.flat().includes(message));
  expect(others.filter((message) => !/is fixed when the object is created|which is final/.test(message))).toEqual([]);
});

const TASKS = "/apis/leanvibe.io/v1alpha1/namespaces/default/agenttasks";

const create = (body: object) => call({ method: "POST", path: `${TASKS}?dryRun=All&fieldValidation=Strict`, body });

/** As the operator writes it: whole, by one manager. */
async function writeStatus(name: string, status: object): Promise<Answer> {
  const path = `${TASKS}/${name}/status?fieldManager=schema-test&force=true`;
  const { apiVersion, kind } = { apiVersion: "leanvibe.io/v1alpha1", kind: "AgentTask" };
  return await call({ method: "PATCH", path, body: { apiVersion, kind, metadata: { name }, status } });
}

async function made(spec: object = {}): Promise<string> {
  const name = `schema-${crypto.randomUUID().slice(0, 8)}`;
  expect(await call({ method: "POST", path: TASKS, body: agentTaskObject(spec, name) })).toEqual({
    code: 201,
    message: "",
  });
  return name;
}

describe("a real API server", () => {
  beforeAll(async () => {
    await apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", customResourceDefinition(AGENT_TASK));
    const probe = AGENT_TASK_RULE_CASES.at(-1)?.refused ?? {};
    await eventually(async () => (await create(probe)).code === 422, "the AgentTask kind is served");
  }, 30_000);

  // An operator that runs later would try again and again to write what these statuses do not let it.
  afterAll(() => call({ method: "DELETE", path: TASKS }));

  test.each(AGENT_TASK_RULE_CASES)("$id: accepts one and refuses one", async (ruleCase) => {
    expect(await misjudged(ruleCase, create)).toEqual([]);
  });

  test.each(AGENT_TASK_STATUS_CASES)(
    "$id: of two statuses one is refused",
    async ({ spec, accepted, refused, message }) => {
      const name = await made(spec);
      expect(await writeStatus(name, refused)).toMatchObject({ code: 422, message: expect.stringContaining(message) });
      expect(await writeStatus(name, accepted)).toMatchObject({ code: 200 });
    },
  );

  test.each(AGENT_TASK_TRANSITIONS)(
    "$id: of two changes one is refused",
    async ({ before, accepted, refused, message }) => {
      const name = await made();
      expect(await writeStatus(name, before)).toMatchObject({ code: 200 });
      expect(await writeStatus(name, refused)).toMatchObject({ code: 422, message: expect.stringContaining(message) });
      expect(await writeStatus(name, accepted)).toMatchObject({ code: 200 });
    },
  );

  test("work that was begun is not changed under it; it may be stopped, and stopped for good", async () => {
    const name = await made({ requirements: { storage: { kind: "memory" } } });
    const change = async (spec: object) => {
      const body = agentTaskObject({ requirements: { storage: { kind: "memory" } }, ...spec }, name);
      return await call({ method: "PATCH", path: `${TASKS}/${name}?fieldManager=schema-test&force=true`, body });
    };
    for (const spec of [
      { title: "Other" },
      { description: "Other" },
      { requirements: { storage: { kind: "disk" } } },
      { acceptance: [{ name: "late", command: "true", expect: { stdout: "" } }] },
      { model: "cheaper" },
      { maxIterations: 10 },
      { limits: { maxTokens: 1_000_000 } },
    ]) {
      const refused = { code: 422, message: expect.stringContaining("is fixed when the object is created") };
      expect(await change(spec), JSON.stringify(spec)).toMatchObject(refused);
    }
    for (const desiredState of ["Suspend", "Run", "Cancel"])
      expect(await change({ desiredState })).toMatchObject({ code: 200 });
    expect(await change({ desiredState: "Run" })).toMatchObject({
      code: 422,
      message: expect.stringContaining("which is final"),
    });
    expect(await change({ desiredState: "Cancel", ttlSecondsAfterFinished: 60 })).toMatchObject({ code: 200 });
  });

  test("the largest AgentTask the schema allows stays within the API server's CEL budget", async () => {
    const text = "x".repeat(2_000);
    const acceptance = Array.from({ length: 50 }, (_, at) => ({
      name: `${"c".repeat(90)}${at}`,
      command: text,
      stdin: text.repeat(3),
      expect: { stdout: text.repeat(3) },
    }));
    const source = Array.from({ length: 50 }, (_, at) => ({
      path: `${"p".repeat(190)}${at}`,
      content: text.repeat(4),
    }));
    expect(await create(agentTaskObject({ acceptance, source }))).toEqual({ code: 201, message: "" });
  });
});
