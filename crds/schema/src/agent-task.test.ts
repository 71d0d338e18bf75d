import { describe, expect, test } from "vitest";
import { parseAgentTask } from "./agent-task.ts";
import { agentJobName } from "./names.ts";
import { AGENT_TASK_RULE_CASES, agentTaskObject } from "./testing/agent-task-cases.ts";

describe("parseAgentTask", () => {
  test.each(AGENT_TASK_RULE_CASES)("$id: accepts and refuses like the API server", ({ accepted, refused, message }) => {
    expect(parseAgentTask(accepted)).toMatchObject({ ok: true });
    const parsed = parseAgentTask(refused);
    expect(parsed.ok ? "accepted" : parsed.error.message).toContain(message);
  });

  test("fills in every default the API server would", () => {
    const parsed = parseAgentTask(agentTaskObject({ resources: { cpu: 1 }, limits: { maxTokens: 5_000 } }));
    expect(parsed.ok && parsed.value.spec).toEqual({
      title: "Adds numbers",
      description: "A program that adds two numbers.",
      priority: "medium",
      requirements: {},
      language: "typescript",
      maxIterations: 3,
      limits: { maxTokens: 5_000, activeDeadlineSeconds: 3_600 },
      resources: { cpu: "1", memory: "512Mi" },
      desiredState: "Run",
    });
  });

  test.each(["/etc/passwd", "../up", "a/../b", ".npmrc", "a/.hidden/b", "a//b", "a/", "a\\b", "a\0b", ""])(
    "source cannot be written to %j [escape]",
    (path) => {
      expect(parseAgentTask(agentTaskObject({ source: [{ path, content: "" }] }))).toMatchObject({ ok: false });
    },
  );
});

describe("a Job's name", () => {
  const uid = "6f1c2d3e-aaaa-bbbb-cccc-1234567890ab";

  test.each(["a", "analytics-dashboard", "x".repeat(63), `${"y".repeat(35)}-${"z".repeat(20)}`])(
    "of %s leaves room for its pods'",
    (name) => {
      const job = agentJobName(name, uid);
      expect(job).toMatch(/^agt-[a-z0-9]([-a-z0-9]*[a-z0-9])?-6f1c2d3e$/);
      expect(job.length).toBeLessThanOrEqual(50);
    },
  );

  test("is another one for a task that was made anew under the same name", () => {
    expect(agentJobName("a", uid)).not.toBe(agentJobName("a", uid.replace("6f", "7f")));
  });
});
