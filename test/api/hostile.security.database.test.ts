import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type App, buildApp } from "../../api-server/src/app.ts";
import { TABLES } from "../../api-server/src/db/roles.ts";
import { problem } from "../../api-server/src/errors/problem.ts";
import { type TestParts, testParts } from "../../api-server/src/testing/parts.ts";
import { platformHeaders } from "../../api-server/src/testing/platform.ts";
import { type Hostile, queriesAgainst, unreadable, wronged } from "./hostile.ts";
import { idAt, pathWith } from "./ids.ts";
import { allOperations, type Operation } from "./operations.ts";
import { type Planted, plant, tenantColumns } from "./planted.ts";
import { bodyOf, sampleOf } from "./sample.ts";

const operations = await allOperations();
const withBody = operations.filter(({ body }) => body.length > 0);

let running: TestParts;
let app: App;
let client: pg.Client;
let port: number;
let own: Planted;
let operator: Pairs;
let before: string;
let cases = 0;

beforeAll(async () => {
  running = await testParts();
  app = await buildApp(running.parts);
  port = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
  client = new pg.Client(running.admin);
  await client.connect();
  operator = Object.entries(await platformHeaders(app, running.parts));
  own = await plant({ client, columns: await tenantColumns(client), parts: running.parts }, "own");
});

beforeEach(async () => {
  before = await everything();
});

afterAll(async () => {
  console.log(`${cases} hostile requests to ${operations.length} operations`);
  await client.end();
  await app.close();
  await running.close();
});

/** Every row of every table, whosever it is. */
async function everything(): Promise<string> {
  const rows = Object.keys(TABLES).map((table) => `SELECT '${table} ' || t::text AS row FROM ${table} t`);
  const { rows: found } = await client.query(`SELECT row FROM (${rows.join(" UNION ALL ")}) AS all_rows ORDER BY row`);
  return found.map(({ row }) => row).join("\n");
}

/** As pairs, since a name may be there twice. */
type Pairs = [name: string, value: string][];

type Sent = { method: string; path: string; headers: Pairs; bytes?: Buffer | undefined };

async function send({ method, path, headers, bytes }: Sent): Promise<{ status: number; type: string; body: string }> {
  cases += 1;
  const length: Pairs = bytes === undefined ? [] : [["Content-Length", String(bytes.length)]];
  const host: Pairs = headers.some(([name]) => name === "Host") ? [] : [["Host", "localhost"]];
  const sent = httpRequest({ port, method, path, headers: [...host, ...headers, ...length].flat() });
  // A server that has refused does not read on.
  sent.on("error", () => undefined);
  sent.end(bytes);
  const [answer]: IncomingMessage[] = await once(sent, "response");
  if (answer === undefined) throw new Error("no answer");
  return { status: answer.statusCode ?? 0, type: answer.headers["content-type"] ?? "", body: await text(answer) };
}

/** What is wrong with how a request was refused. */
async function wrongly(sent: Sent, at?: string): Promise<string[]> {
  const { status, type, body } = await send(sent);
  if (status < 400 || status >= 500) return [`${status} ${body.slice(0, 200)}`];
  if (type !== "application/problem+json") return [`${status} as ${type}`];
  const { fix, errors = [], error_code: code } = problem.parse(JSON.parse(body));
  if (fix === "") return [`${code} without a fix`];
  if (code === "VALIDATION_FAILED" && errors.length === 0) return [`${code} without a field: ${body}`];
  if (at === undefined || errors.some(({ path, message }) => path.startsWith(at) && message !== "")) return [];
  return [`${code} does not name ${at}: ${JSON.stringify(errors).slice(0, 200)}`];
}

/** Of somebody who may do it. */
function credentialFor({ declared: { access } }: Operation): Pairs {
  if (access === "platform") return operator;
  return access === "tenant" ? [["Authorization", `Bearer ${own.people.owner.token}`]] : [];
}

/** As somebody who may, with all that an operation needs but the body. */
function rightly(operation: Operation): { method: string; path: string; headers: Pairs } {
  const parties = { tenant: own, role: "owner", victim: own } as const;
  const matching = operation.parameters.some(({ name }) => name.toLowerCase() === "if-match");
  const path = pathWith(operation.path, (place) => idAt(place, "own", parties));
  return {
    method: operation.method,
    path,
    headers: [...credentialFor(operation), ...(matching ? [["If-Match", "*"] satisfies Pairs[number]] : [])],
  };
}

async function refusals(operation: Operation, hostile: readonly Hostile[]): Promise<string[]> {
  const { method, path, headers } = rightly(operation);
  const wrong: string[] = [];
  for (const { what, bytes, type, at } of hostile) {
    const typed: Pairs = type === undefined ? headers : [...headers, ["Content-Type", type]];
    for (const fault of await wrongly({ method, path, headers: typed, bytes }, at)) wrong.push(`${what}: ${fault}`);
  }
  return wrong;
}

test.each(withBody)("$id refuses a body that cannot be read", async (operation) => {
  const [first] = operation.body;
  const sample = first === undefined || !first.mediaType.endsWith("json") ? { name: "x" } : sampleOf(first.schema, "");
  expect(await refusals(operation, unreadable(first?.mediaType ?? "", sample))).toEqual([]);
  expect(await everything()).toBe(before);
});

test.each(withBody)("$id names the one field that is wrong", async (operation) => {
  for (const { mediaType, schema } of operation.body.filter((each) => each.mediaType.endsWith("json"))) {
    expect(await refusals(operation, wronged(mediaType, schema))).toEqual([]);
  }
  expect(await everything()).toBe(before);
});

test.each(operations)("$id refuses a query, an id or a header that is none", async (operation) => {
  const { method, path, headers } = rightly(operation);
  const body = bodyOf(operation, "");
  const typed: Pairs = body === undefined ? headers : [...headers, ["Content-Type", body.type]];
  const bytes = body === undefined ? undefined : Buffer.from(body.payload);
  const wrong: string[] = [];
  const refused = async (what: string, sent: Partial<Sent>, at?: string) => {
    const faults = await wrongly({ method, path, headers: typed, bytes, ...sent }, at);
    wrong.push(...faults.map((fault) => `${what}: ${fault}`));
  };
  for (const { what, query, at } of queriesAgainst(operation)) await refused(what, { path: `${path}?${query}` }, at);
  for (const id of operation.path.includes("{")
    ? ["%00", "%ZZ", "..%2f..", "x".repeat(300), "1;DROP TABLE users"]
    : []) {
    await refused(`id ${id}`, { path: operation.path.replaceAll(/\{\w+\}/g, encodeURI(id).replace("%2500", "%00")) });
  }
  for (const [name, value] of REPEATED) {
    await refused(`${name} twice`, { headers: [...typed, [name, value], [name, `${value}x`]] });
  }
  const { access } = operation.declared;
  if (access === "tenant") {
    for (const value of NAMES) await refused(`X-Tenant-ID ${value}`, { headers: [...typed, ["X-Tenant-ID", value]] });
  }
  if (access === "tenant" || access === "platform") {
    for (const value of CREDENTIALS) await refused(`Authorization ${value}`, { headers: [["Authorization", value]] });
  }
  expect(wrong).toEqual([]);
  expect(await everything()).toBe(before);
});

/** Of which one must not be read by a proxy and the other by us. */
const REPEATED: Pairs = [
  ["X-Tenant-ID", "acme"],
  ["Authorization", "Bearer x"],
  ["Host", "acme.leanvibe.com"],
  ["Content-Type", "application/json"],
];

const NAMES = ["'; DROP TABLE tenants; --", "%00", "acme,tech", "x".repeat(4_000), "\u00ff\u00fe", "../acme", "*"];
const CREDENTIALS = ["Bearer", "Bearer ", "Bearer a b", "Bearer \u00ff", `Bearer ${"x".repeat(4_000)}`, "Token x", "'"];

test.each([
  ["more headers than are read", `GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(70_000)}\r\n\r\n`, 431],
  ["a method of no route", "QUERY /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405],
  ["a method of no path", "QUERY /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404],
  ["no HTTP", "hello\r\n\r\n", 400],
  ["a header without a colon", "GET /health HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n", 400],
  ["two lengths", "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400],
  [
    "a length and pieces",
    "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    400,
  ],
])("what is %s is refused as everything else is", async (_what, bytes, status) => {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head.toLowerCase()).toContain("content-type: application/problem+json");
  expect(problem.parse(JSON.parse(body)).status).toBe(status);
});
