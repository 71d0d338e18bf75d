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
  expect(parseConfig({ ...GIVEN, MODEL_TOKEN_FILE: "" })).toMatchObject({
    job: { name: "agt-a-1", uid: "j", namespace: "tenant-acme", task: "a" },
    model: { url: GIVEN.MODEL_URL, name: "small", tokenFile: undefined },
    taskFile: "/task/task.json",
    sandboxSocket: "/run/sandbox/sandbox.sock",
  });
});

test("each wrong variable is named", () => {
  expect(() => parseConfig({ ...GIVEN, MODEL_URL: "ftp://x", POD_UID: "", LOG_LEVEL: "loud" })).toThrow(
    /POD_UID[\s\S]*MODEL_URL: must be http[\s\S]*LOG_LEVEL: /,
  );
});
