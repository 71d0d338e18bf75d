import { afterEach, expect, test } from "vitest";
import { clientFor } from "./task-api.ts";
import { allTasks, tableOf } from "./task-list.ts";
import { SmallServer } from "./testing/small-server.ts";

const NOW = new Date("2026-11-26T12:00:00Z");
const row = (id: string, title: string, created_at: string) => ({
  id,
  title,
  phase: "Running" as const,
  progress: 50,
  created_at,
});

let server: SmallServer | undefined;
afterEach(() => server?.stop());

test("the table lines up, ages are as kubectl says them, and no title steers a terminal", () => {
  const rows = [
    row("1", "Report", "2026-11-24T11:00:00Z"),
    row("20", `a\x1b[2J${"b".repeat(60)}`, "2026-11-26T11:59:15Z"),
    row("3", "Later than now", "2026-11-26T12:00:01Z"),
  ];
  expect(tableOf(rows, NOW)).toEqual([
    "ID   TITLE                                                PHASE     PROGRESS   AGE",
    "1    Report                                               Running   50%        2d",
    `20   a [2J${"b".repeat(44)}…   Running   50%        45s`,
    "3    Later than now                                       Running   50%        0s",
  ]);
});

test("wide letters take two columns, and no title more than its own", () => {
  const wide = (id: string, title: string) => row(id, title, "2026-11-26T11:59:15Z");
  const titles = ["日本語", "🧪 tests", "plain", "日".repeat(30)].map((title, at) => wide(String(at), title));
  expect(tableOf(titles, NOW)).toEqual([
    "ID   TITLE                                               PHASE     PROGRESS   AGE",
    "0    日本語                                              Running   50%        45s",
    "1    🧪 tests                                            Running   50%        45s",
    "2    plain                                               Running   50%        45s",
    `3    ${"日".repeat(24)}…   Running   50%        45s`,
  ]);
});

test("all pages are asked for", async () => {
  const pages = [["1", "2"], ["3"]];
  server = new SmallServer(({ query }) => {
    const page = query.get("cursor") === "2" ? 1 : 0;
    const headers: Record<string, string> = page === 0 ? { "x-next-cursor": "2" } : {};
    return { body: pages[page]?.map((id) => ({ id })), headers };
  });
  await server.start();
  const tasks = await allTasks(
    clientFor({ api: server.url, token: "t", tenant: "acme" }, {}),
    new AbortController().signal,
  );
  expect(tasks.map(({ id }) => id)).toEqual(["1", "2", "3"]);
});
