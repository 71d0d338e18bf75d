import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, buildApp } from "../../api-server/src/app.ts";
import { type Headers, type TestParts, testParts } from "../../api-server/src/testing/parts.ts";
import { platformHeaders } from "../../api-server/src/testing/platform.ts";
import {
  confirmed,
  hasIdInBody,
  hasIdInPath,
  idAt,
  type Kind,
  kindsOf,
  type Parties,
  pathWith,
  queryWith,
} from "./ids.ts";
import { allOperations, type Operation } from "./operations.ts";
import { type Column, checksum, type Planted, plant, tenantColumns } from "./planted.ts";
import { bodyOf } from "./sample.ts";
import { kindOf, lowerRoles, outsiders, ownerOf, rightful, STATES, strangers, type Trial } from "./trials.ts";

/** In every text of the tenant that nobody else may see. */
const CANARY = "zq7canary";

/** What an owner is told by operations that have nothing to work on in what is planted. */
const NOT_HERE: Readonly<Record<string, string>> = {
  switchTenant: "404 TENANT_NOT_FOUND",
  createGrant: "404 TENANT_NOT_FOUND",
  getLogo: "404 LOGO_NOT_FOUND",
  deleteLogo: "404 LOGO_NOT_FOUND",
  approveDeletion: "409 DELETION_NOT_PENDING",
};

const operations = await allOperations();
const ofTenants = operations.filter(({ declared }) => declared.access === "tenant");
const ofPlatform = operations.filter(({ declared }) => declared.access === "platform");
const others = operations.filter((each) => !ofTenants.includes(each) && !ofPlatform.includes(each));

let running: TestParts;
let app: App;
let client: pg.Client;
let columns: Column[];
let victim: Planted;
let before: Record<string, string>;
/** What only the victim may see: its text, and the ids of its rows. */
let secrets: RegExp;
let cases = 0;

beforeAll(async () => {
  running = await testParts();
  app = await buildApp(running.parts);
  client = new pg.Client(running.admin);
  await client.connect();
  columns = await tenantColumns(client);
  victim = await planted(CANARY);
  before = await checksum(client, victim.id);
  const ids = [...victim.rows.values()].flatMap((row) => Object.values(row)).filter((value) => isUuid(value));
  secrets = new RegExp(`${CANARY}[\\w-]*|${ids.join("|")}`, "gi");
});

afterAll(async () => {
  console.log(`${cases} requests to ${operations.length} operations`);
  await client.end();
  await app.close();
  await running.close();
});

const planted = (marker: string) => plant({ client, columns, parts: running.parts }, marker);

const isUuid = (value: unknown) => typeof value === "string" && /^[0-9a-f-]{36}$/.test(value);

/**
 * What somebody is told, as `404 PROJECT_NOT_FOUND` or `200`, the whole of it but for what is of one request alone, and
 * what was shown of the victim's.
 */
type Told = { short: string; whole: string; shown: string[] };

/** Sends a request, and looks through its answer for what is the victim's. */
async function ask(operation: Operation, kind: Kind, parties: Parties, headers: Headers): Promise<Told> {
  const idOf = (place: string) => idAt(place, kind, parties);
  const { method, path, parameters } = operation;
  const body = bodyOf(operation, hasIdInBody(operation) ? idOf(`${path} body`) : "", confirmed(operation, parties));
  const matching = parameters.some(({ name }) => name.toLowerCase() === "if-match");
  const request = {
    method,
    url: pathWith(path, idOf) + queryWith(operation, idOf),
    headers: {
      ...(body === undefined ? {} : { "content-type": body.type }),
      ...(matching ? { "if-match": "*" } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: body.payload }),
  };
  const answer = await app.inject(request);
  cases += 1;
  const [asked, said] = [JSON.stringify(request), JSON.stringify(answer.headers) + answer.body];
  const shown = [...said.matchAll(secrets)].map(([text]) => text).filter((text) => !asked.includes(text));
  expect(answer.statusCode, answer.body).toBeLessThan(500);
  const problem = answer.statusCode >= 400 ? answer.json() : undefined;
  const short = problem === undefined ? String(answer.statusCode) : `${answer.statusCode} ${problem.error_code}`;
  return { short, whole: JSON.stringify({ ...problem, request_id: "" }), shown };
}

/** Those that were told something else than they must be. */
async function wrongly(operation: Operation, tenant: Planted, trials: readonly Trial[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { who, role, headers, told } of trials) {
    for (const kind of kindsOf(operation)) {
      const { short, shown } = await ask(operation, kind, { tenant, role, victim }, headers);
      if (short !== told) wrong.push(`${who}, ${kind} id: ${short} instead of ${told}`);
      if (shown.length > 0) wrong.push(`${who}, ${kind} id: was shown ${shown.join(", ")}`);
    }
  }
  return wrong;
}

test.each(ofTenants)("$id refuses strangers and lower roles, and changes nothing for them", async (operation) => {
  const own = await planted("own");
  const sum = await checksum(client, own.id);
  const trials = [...strangers(own, victim), ...lowerRoles(operation, own)];
  expect(await wrongly(operation, own, trials)).toEqual([]);
  expect(await checksum(client, own.id)).toEqual(sum);
});

test.each(ofTenants)("$id does in each state of a tenant what the state allows", async (operation) => {
  for (const { state, change, told } of STATES) {
    const own = await planted("own");
    await client.query(`UPDATE tenants SET ${change} WHERE id = $1`, [own.id]);
    const sum = await checksum(client, own.id);
    const refusal = told(kindOf(operation));
    if (refusal === undefined) {
      const { short, shown } = await ask(operation, "own", { tenant: own, role: "owner", victim }, ownerOf(own));
      expect(shown).toEqual([]);
      expect([state, short]).toEqual([state, NOT_HERE[operation.id] ?? expect.stringMatching(/^2/)]);
    } else {
      const trial = { who: state, role: "owner", headers: ownerOf(own), told: refusal } as const;
      expect(await wrongly(operation, own, [trial])).toEqual([]);
      expect(await checksum(client, own.id)).toEqual(sum);
    }
  }
});

test.each(ofTenants)(
  "$id works on one's own, and tells another tenant's id as one that nobody has",
  async (operation) => {
    for (const role of rightful(operation)) {
      const own = await planted("own");
      const told: Partial<Record<Kind, Told>> = {};
      const headers = { authorization: `Bearer ${own.people[role].token}` };
      for (const kind of kindsOf(operation)) {
        const answer = await ask(operation, kind, { tenant: own, role, victim }, headers);
        expect([kind, answer.shown]).toEqual([kind, []]);
        told[kind] = answer;
      }
      expect([role, told.own?.short]).toEqual([role, NOT_HERE[operation.id] ?? expect.stringMatching(/^2/)]);
      expect(told["another tenant's"]?.whole).toBe(told["nobody's"]?.whole);
      if (told.garbage !== undefined) expect(told.garbage.short).toBe("400 VALIDATION_FAILED");
      if (hasIdInPath(operation)) expect(told["nobody's"]?.short).toMatch(/^404 /);
    }
  },
);

test.each(others)("$id, for which no tenant's token is needed, tells nothing of any tenant", async (operation) => {
  const own = await planted("own");
  const named = [{}, { "x-tenant-id": victim.id }, { host: `${victim.subdomain}.leanvibe.com` }];
  for (const headers of [...named, ...named.map((names) => ({ ...ownerOf(own), ...names }))]) {
    for (const kind of kindsOf(operation)) {
      const { shown } = await ask(operation, kind, { tenant: own, role: "owner", victim }, headers);
      expect([kind, shown]).toEqual([kind, []]);
    }
  }
});

test.each(ofPlatform)("$id is the platform's: nobody of a tenant reaches it, whatever they name", async (operation) => {
  const own = await planted("own");
  const sum = await checksum(client, own.id);
  expect(await wrongly(operation, own, outsiders(own, victim))).toEqual([]);
  expect(await checksum(client, own.id)).toEqual(sum);
  const told: Partial<Record<Kind, string>> = {};
  for (const kind of kindsOf(operation)) {
    const parties = { tenant: own, role: "owner", victim: own } as const;
    told[kind] = (await ask(operation, kind, parties, await platformHeaders(app, running.parts))).short;
  }
  expect(told.own).toEqual(NOT_HERE[operation.id] ?? expect.stringMatching(/^2/));
  if (told.garbage !== undefined) expect(told.garbage).toBe("400 VALIDATION_FAILED");
  if (hasIdInPath(operation)) expect(told["nobody's"]).toMatch(/^404 /);
});

test("no row of the other tenant was changed, added or taken away by any of it", async () => {
  expect(cases).toBeGreaterThan(operations.length * 10);
  expect(Object.values(before).filter((sum) => sum.startsWith("0 "))).toEqual([]);
  expect(await checksum(client, victim.id)).toEqual(before);
});
