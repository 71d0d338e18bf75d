import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openUnconnected } from "../../api-server/src/generate.ts";
import { findProgram } from "../../cli/cluster/requirements.ts";

/** Not localhost, which a browser trusts without HTTPS. */
const ELSEWHERE = "docs.example";

let unconnected: Awaited<ReturnType<typeof openUnconnected>>;
let browser: Browser;
let port: string;

beforeAll(async () => {
  unconnected = await openUnconnected();
  port = new URL(await unconnected.app.listen({ host: "127.0.0.1", port: 0 })).port;
  browser = await chromium.launch({
    executablePath: findProgram("chromium", process.env) ?? "",
    args: ["--headless", "--no-sandbox", "--disable-gpu", `--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`],
  });
}, 60_000);

afterAll(async () => {
  await browser.close();
  await unconnected.close();
});

/** The page, what it asks for and what its console says, from its first byte on. */
async function opened(host: string) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const asked: string[] = [];
  const said: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(error.message));
  await page.goto(`http://${host}:${port}/docs`);
  return { page, asked, said };
}

test("/docs shows every operation, says nothing on its console, and asks nobody but us for anything", async () => {
  const { page, asked, said } = await opened("localhost");
  const link = page.getByRole("link", { name: "Create a project" }).first();
  await link.waitFor();
  for (const { operationId, summary } of unconnected.app.declared) {
    if (operationId !== undefined) expect(await page.getByText(summary).count(), summary).toBeGreaterThan(0);
  }
  await link.click();
  await page.getByRole("heading", { name: "Create a project" }).first().waitFor();
  await page.waitForLoadState("networkidle");
  const shot = process.env["LEANVIBE_TEST_SCREENSHOT"];
  if (shot !== undefined) await page.screenshot({ path: shot });
  const own = `http://localhost:${port}/`;
  expect(asked.filter((url) => !url.startsWith(own))).toEqual([]);
  expect(asked).toContain(`${own}openapi.json`);
  expect(said).toEqual([]);
}, 60_000);

test("/docs is there over plain HTTP too, and a script that somebody smuggles into it does not run", async () => {
  const { page, asked, said } = await opened(ELSEWHERE);
  await page.getByRole("link", { name: "Create a project" }).first().waitFor();
  expect(asked.filter((url) => !url.startsWith(`http://${ELSEWHERE}:${port}/`))).toEqual([]);
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement("script"), { text: "smuggled = true" }))`,
  );
  expect(await page.evaluate(`typeof smuggled`)).toBe("undefined");
  expect(said.join()).toContain("Content Security Policy");
}, 60_000);
