import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Home, type Up } from "../harness/started.ts";

const home = new Home();
let up: Up;
let api: string;

beforeAll(async () => {
  up = home.up();
  api = String((await up.event("ready"))["api"]);
}, 180_000);

afterAll(() => home.leave(), 120_000);

async function post(path: string, body: object) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** What `leanvibe mail ...` prints, once it is more than nothing. */
async function mail(...args: string[]): Promise<string> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(200)) {
    const { stdout, code } = await home.leanvibe("mail", ...args);
    if (code === 0 && stdout !== "" && !stdout.startsWith("No mail")) return stdout;
  }
  throw new Error("no mail came");
}

test("leanvibe mail shows what the API wanted to send, and its link lets the owner in", {
  timeout: 180_000,
}, async () => {
  expect((await home.leanvibe("mail")).stdout).toBe("No mail was sent yet.\n");
  expect((await home.leanvibe("mail", "--last")).code).toBe(1);
  const created = await post("/tenants", {
    organization_name: "TechCorp",
    subdomain: "tech",
    admin_email: "joe@tech.example",
  });
  expect(created.status).toBe(201);

  expect(JSON.parse(await mail("--json"))).toMatchObject({ number: 1, to: "joe@tech.example" });
  expect(await mail()).toMatch(/^ {3}1 {2}\d{4}-\d\d-\d\dT.*joe@tech\.example.*TechCorp/);
  const shown = await mail("--last");
  expect(await mail("1")).toBe(shown);
  const token = new URL(/https?:\/\/\S+token=\S+/.exec(shown)?.[0] ?? "").searchParams.get("token");
  const owner = await post("/auth/register", { token, password: "correct horse battery staple", name: "Joe" });
  expect(owner).toMatchObject({ status: 201, body: { user: { email: "joe@tech.example", role: "owner" } } });

  // The terminal of npm start tells of it, and of the address only: a link in a log would let in who reads the log.
  expect(JSON.stringify(up.events)).toContain("mail to joe@tech.example");
  expect(JSON.stringify(up.events)).not.toContain(String(token));
});

test("mail is kept where only its owner reads it", async () => {
  const folder = join(home.folder, ".local/share/leanvibe/api/dev/mail");
  expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o077)).toEqual([0]);
});
