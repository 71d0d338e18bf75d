import { agentReport } from "@leanvibe/schema";
import { expect, it } from "vitest";
import { withReport } from "./progress.ts";

const report = (estimated: boolean) =>
  agentReport.parse({
    version: 1,
    podUID: "pod-1",
    progress: 15,
    activity: "",
    iterations: 0,
    usage: { inputTokens: 10, outputTokens: 5, llmCalls: 1, estimated },
  });

const OF = { jobName: "agt-a", spec: {} };

it("what was estimated once stays told so: the sum holds it", () => {
  const first = withReport({}, report(false), OF);
  expect(first.usage).toEqual({ inputTokens: 10, outputTokens: 5, llmCalls: 1 });
  const second = withReport(first, report(true), OF);
  expect(second.usage).toMatchObject({ estimated: true });
  expect(withReport(second, report(false), OF).usage).toMatchObject({ estimated: true });
});
