import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, buildApp } from "../../api-server/src/app.ts";
import { PASSWORD, type TestParts, testParts } from "../../api-server/src/testing/parts.ts";
import { findProgram } from "../../cli/cluster/requirements.ts";

let running: TestParts;
let app: App;
let url: string;
let browser: Browser;

beforeAll(async () => {
  running = await testParts();
  app = await buildApp(running.parts);
  url = (await app.listen({ host: "127.0.0.1", port: 0 })).replace("127.0.0.1", "localhost");
  browser = await chromium.launch({
    executablePath: findProgram("chromium", process.env) ?? "",
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
}, 60_000);

afterAll(async () => {
  await browser.close();
  app.server.closeAllConnections();
  await app.close();
  await running.close();
});

test("a link is opened, filled in wrongly, then rightly, and its owner signs in with what they chose", async () => {
  const body = { organization_name: 'Müller & "Söhne" <b>', subdomain: "mueller" };
  const made = await app.inject({ method: "POST", url: "/api/v1/tenants", body });
  const { search } = new URL(made.json().claim_url);
  const page = await browser.newPage({ viewport: { width: 800, height: 900 } });
  const asked: { url: string; referer: string | undefined }[] = [];
  const said: string[] = [];
  page.on("request", (request) => asked.push({ url: request.url(), referer: request.headers()["referer"] }));
  page.on("console", (message) => said.push(message.text()));
  await page.goto(`${url}/welcome${search}`);
  expect(await page.getByRole("heading").textContent()).toBe(`Welcome to ${body.organization_name}`);
  const shot = process.env["LEANVIBE_TEST_SCREENSHOT"];
  if (shot !== undefined) await page.screenshot({ path: `${shot}-form.png` });

  await page.getByLabel("E-mail address").fill("jane@acme.example");
  await page.getByLabel("Your name").fill("Jane");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button").click();
  await page.getByRole("alert").waitFor();
  const password = page.getByLabel("Password");
  expect(await password.getAttribute("aria-invalid")).toBe("true");
  const told = (await password.getAttribute("aria-describedby"))?.split(" ") ?? [];
  expect(await page.locator(`#${told.at(-1)}`).textContent()).toMatch(/at least 12 characters/);
  // What was right need not be typed again; a password is never sent back.
  expect(await page.getByLabel("E-mail address").inputValue()).toBe("jane@acme.example");
  expect(await password.inputValue()).toBe("");
  expect(page.url()).not.toContain("token");
  if (shot !== undefined) await page.screenshot({ path: `${shot}-fault.png` });

  await password.fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "You are in" }).waitFor();
  if (shot !== undefined) await page.screenshot({ path: `${shot}-done.png` });
  const login = { email: "jane@acme.example", password: PASSWORD, tenant: "mueller" };
  const answer = await app.inject({ method: "POST", url: "/auth/login", body: login });
  expect([answer.statusCode, answer.json().user]).toMatchObject([200, { name: "Jane", role: "owner" }]);

  await page.goto(`${url}/welcome${search}`);
  expect(await page.getByRole("alert").textContent()).toMatch(/not valid any more/);
  expect(asked.filter((request) => !request.url.startsWith(`${url}/`) && request.url !== "data:,")).toEqual([]);
  expect(asked.filter(({ referer = "" }) => referer !== "")).toEqual([]);
  expect(said.filter((text) => !/400/.test(text))).toEqual([]);
}, 60_000);
