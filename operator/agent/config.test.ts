import { expect, test } from "vitest";
import { parseConfig } from "./config.ts";

const GIVEN = {
  POD_UID: "u",
  POD_NAME: "agt-a-1-xxxxx",
  POD_NAMESPACE: "tenant-acme",
  JOB_NAME: "agt-a-1",
  JOB_UID: "j",
  TASK_NAME: "a",
  MODEL_URL: "http://leanvibe-gateway.leanvibe-system.svc/v1",
  MODEL_NAME: "small",
};

test("what the operator gives is enough", () => {
  expect(parseConfig({ ...GIVEN, MODEL_CONTEXT_TOKENS: "" })).toMatchObject({
    job: { name: "agt-a-1", uid: "j", namespace: "tenant-acme", task: "a" },
    model: { tokenFile: undefined, contextTokens: 8_192, unavailableMilliseconds: 300_000 },
    taskFile: "/task/task.json",
    sandboxSocket: "/run/sandbox/sandbox.sock",
  });
});

test("each wrong variable is named", () => {
  expect(() => parseConfig({ ...GIVEN, MODEL_URL: "ftp://x", POD_UID: "", MODEL_CONTEXT_TOKENS: "many" })).toThrow(
    /POD_UID[\s\S]*MODEL_URL: must be http[\s\S]*MODEL_CONTEXT_TOKENS: must be a whole number/,
  );
});
