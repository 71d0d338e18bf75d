import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AGENT_REASONS } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { NEXT_STEPS, TASK_REASONS, trouble } from "./reasons.ts";

const ROOT = join(import.meta.dirname, "../../..");
const ALL = [...new Set(Object.values(TASK_REASONS).flat())].sort();

/** Words of the column Reason in the table of conditions. */
function documented(): string[] {
  const lines = readFileSync(join(ROOT, "docs/agents.md"), "utf8").split("\n");
  const rows = lines.filter((line) => line.startsWith("|"));
  const table = rows.slice(rows.findIndex((line) => line.startsWith("| Condition |")) + 2);
  const end = table.findIndex((line) => line.startsWith("| Variable |"));
  return table.slice(0, end).flatMap((line) => line.split("|")[2]?.match(/[A-Z]\w+/g) ?? []);
}

function sources(folder: string): string {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  const own = files.filter((name) => /\.ts$/.test(name) && !/\.test\.ts$|(^|\/)(testing|node_modules)\//.test(name));
  return own.map((name) => readFileSync(join(ROOT, folder, name), "utf8")).join("\n");
}

describe("the reasons of an AgentTask's conditions", () => {
  it("are all in docs/agents.md, and no other is", () => {
    expect([...new Set(documented())].sort()).toEqual(ALL);
  });

  it("are each given by somebody", () => {
    // Without the list itself.
    const list = readFileSync(join(ROOT, "operator/src/agenttask/reasons.ts"), "utf8");
    const code = sources("operator/src/agenttask").replace(list, "") + sources("operator/agent");
    expect(ALL.filter((reason) => !code.includes(`"${reason}"`))).toEqual([]);
  });

  it("of an end say what to do about it, also behind a message that is too long", () => {
    for (const reason of AGENT_REASONS) {
      if (reason === "Completed") continue;
      const { message } = trouble(reason, "x".repeat(1_024));
      expect(message.endsWith(NEXT_STEPS[reason])).toBe(true);
      expect(message.length).toBeLessThanOrEqual(1_024);
    }
  });
});
