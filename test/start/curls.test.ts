import { beforeAll, describe, expect, test } from "vitest";
import { documented } from "../harness/started.ts";

const run = documented();

/** Makes `jq` of the answer's status, code and sentence. */
const SAID = `jq -r '"\\(.status) \\(.error_code): \\(.detail)"'`;
const OPEN = "http://localhost:8000/api/v1/projects";
const JSON_BODY = `-H "Content-Type: application/json"`;

// The order matters: tenants acme and tech are made by the curls, before a token would make them.
describe("exercise 3 of the seed, with one Authorization header more", () => {
  const made = [
    `TENANT_A=$(curl -s -X POST http://localhost:8000/tenants ${JSON_BODY} -d '{"organization_name": "Acme Corp", "subdomain": "acme"}' | jq -r '.id')`,
    `TENANT_B=$(curl -s -X POST http://localhost:8000/tenants ${JSON_BODY} -d '{"organization_name": "TechCorp", "subdomain": "tech"}' | jq -r '.id')`,
    `echo "TENANT_A=$TENANT_A TENANT_B=$TENANT_B"`,
  ].join("\n");
  let both = "";
  const signed = () => `${both}\nTOKEN_A=$(./leanvibe token) TOKEN_B=$(./leanvibe token --tenant tech)`;

  beforeAll(async () => {
    both = await run(made);
    expect(both).toMatch(/^TENANT_A=[0-9a-f-]{36} TENANT_B=[0-9a-f-]{36}$/);
  }, 120_000);

  test("each tenant sees its own projects and no others", { timeout: 180_000 }, async () => {
    const create = (of: "A" | "B", body: string) =>
      `curl -s -X POST ${OPEN} ${JSON_BODY} -H "X-Tenant-ID: $TENANT_${of}" -H "Authorization: Bearer $TOKEN_${of}" -d '${body}' | jq -r .status`;
    const list = (of: "A" | "B") =>
      `curl -s -H "X-Tenant-ID: $TENANT_${of}" -H "Authorization: Bearer $TOKEN_${of}" ${OPEN} | jq -c 'map(.name)'`;
    const script = [
      signed(),
      create("A", '{"name": "Acme Project", "description": "Secret Acme project"}'),
      create("B", '{"name": "Tech Project", "description": "Secret Tech project"}'),
      list("A"),
      list("B"),
    ].join("\n");
    expect(await run(script)).toBe('active\nactive\n["Welcome","Acme Project"]\n["Welcome","Tech Project"]');
  });

  test("without the header both are 401 AUTHENTICATION_REQUIRED [detection is not authentication]", async () => {
    const ask = (name: string) => `curl -s -H "X-Tenant-ID: $${name}" ${OPEN} | ${SAID}`;
    expect(await run(`${both}\n${ask("TENANT_A")}\n${ask("TENANT_B")}`)).toBe(
      Array(2).fill("401 AUTHENTICATION_REQUIRED: This request needs a credential.").join("\n"),
    );
  });

  test("another tenant's project is 404, another tenant's header 403, whichever way it is named [cross-tenant]", {
    timeout: 180_000,
  }, async () => {
    const script = [
      signed(),
      `FOREIGN=$(curl -s -H "Authorization: Bearer $TOKEN_B" ${OPEN} | jq -r '.[0].id')`,
      `curl -s -H "Authorization: Bearer $TOKEN_A" ${OPEN}/$FOREIGN | ${SAID}`,
      `curl -s -X DELETE -H "Authorization: Bearer $TOKEN_A" ${OPEN}/$FOREIGN | ${SAID}`,
      `curl -s -H "Authorization: Bearer $TOKEN_A" -H "X-Tenant-ID: $TENANT_B" ${OPEN} | ${SAID}`,
      `curl -s -H "Authorization: Bearer $TOKEN_A" http://tech.localhost:8000/api/v1/projects | ${SAID}`,
      `curl -s -H "Authorization: Bearer $TOKEN_A" -H "X-Tenant-ID: acme" http://tech.localhost:8000/api/v1/projects | ${SAID}`,
      `curl -s -H "Authorization: Bearer $TOKEN_B" ${OPEN}/$FOREIGN | jq -r .name`,
    ].join("\n");
    expect((await run(script)).split("\n")).toEqual([
      "404 PROJECT_NOT_FOUND: Project not found in your organization",
      "404 PROJECT_NOT_FOUND: Project not found in your organization",
      expect.stringMatching(/^403 TENANT_MISMATCH: The credential is not one of tenant /),
      "403 TENANT_MISMATCH: The credential is not one of tenant 'tech'.",
      "400 TENANT_AMBIGUOUS: X-Tenant-ID names 'acme', the host 'tech'.",
      "Welcome",
    ]);
  });

  test("a name twice is 409 and a sixth project 403, with the seed's sentences", { timeout: 180_000 }, async () => {
    const create = (name: string) =>
      `curl -s -X POST ${OPEN} ${JSON_BODY} -H "Authorization: Bearer $TOKEN_B" -d '{"name": "${name}"}' | ${SAID}`;
    const script = [signed(), create("Tech Project"), ...["3", "4", "5", "6"].map(create)].join("\n");
    const said = (await run(script)).split("\n");
    expect([said.at(0), said.at(-1)]).toEqual([
      "409 PROJECT_EXISTS: Project 'Tech Project' already exists in your organization",
      "403 QUOTA_EXCEEDED: Project limit reached (5). Upgrade to create more projects.",
    ]);
    const usage = `${signed()}\ncurl -s -H "Authorization: Bearer $TOKEN_B" http://localhost:8000/api/v1/tenants/current/usage | jq -c '{projects, users}'`;
    expect(await run(usage)).toBe('{"projects":{"current":5,"limit":5},"users":{"current":1,"limit":3}}');
  });
});

describe("exercise 2 of the seed", () => {
  test("its three curls as they stand name nobody or prove nothing", async () => {
    const script = [
      `curl -s -H "X-Tenant-ID: test-tenant-123" ${OPEN} | ${SAID}`,
      `curl -s -H "Host: acme.leanvibe.com" ${OPEN} | ${SAID}`,
      `curl -s -H "Authorization: Bearer jwt-with-tenant-claim" ${OPEN} | ${SAID}`,
      `curl -s ${OPEN} | ${SAID}`,
    ].join("\n");
    expect((await run(script)).split("\n")).toEqual([
      "404 TENANT_NOT_FOUND: Tenant not found or inactive",
      "401 AUTHENTICATION_REQUIRED: This request needs a credential.",
      "401 AUTHENTICATION_REQUIRED: The token is not valid or has expired.",
      "400 TENANT_REQUIRED: Tenant context required. Include X-Tenant-ID header or use tenant subdomain.",
    ]);
  });

  test("with a development token the tenant is found by header, by host and by the token alone", {
    timeout: 120_000,
  }, async () => {
    const ask = (how: string) => `curl -s -H "Authorization: Bearer $TOKEN" ${how} | jq -r '.[0].name'`;
    const script = [
      "TOKEN=$(./leanvibe token)",
      ask(`-H "X-Tenant-ID: acme" ${OPEN}`),
      ask(`-H "Host: acme.leanvibe.com" ${OPEN}`),
      ask("http://acme.localhost:8000/api/v1/projects"),
      ask(OPEN),
    ].join("\n");
    expect(await run(script)).toBe("Welcome\nWelcome\nWelcome\nWelcome");
  });

  test("public routes need neither tenant nor credential", async () => {
    const code = (path: string) => `curl -s -o /dev/null -w '%{http_code} ' http://localhost:8000${path}`;
    const paths = ["/health", "/health/ready", "/api/v1/health", "/docs", "/openapi.json"];
    expect(await run(paths.map(code).join("\n"))).toBe("200 200 200 200 200");
  });
});
