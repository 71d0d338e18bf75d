import { getTask } from "@leanvibe/client";
import { afterEach, expect, test } from "vitest";
import { clientFor, dataOf } from "./task-api.ts";
import { Away } from "./task-patience.ts";
import { type Said, SmallServer } from "./testing/small-server.ts";

let server: SmallServer;
afterEach(() => server.stop());

/** What is told when the API says that. */
async function told(said: Said): Promise<unknown> {
  server = new SmallServer(() => said);
  await server.start();
  return await asked(server.url);
}

async function asked(api: string): Promise<unknown> {
  const client = clientFor({ api, token: "given", tenant: "acme" }, {});
  return await getTask({ client, path: { id: "7" } })
    .then(dataOf)
    .catch((error: unknown) => error);
}

const refused = (status: number) => ({ status, body: { status, detail: "Not this.", fix: "Do that." } });

test("a refusal is told in the API's words, with what can be done", async () => {
  expect(await told(refused(404))).toEqual(new Error("Not this. Do that."));
  expect(await told(refused(503))).toEqual(new Away("Not this. Do that."));
  expect(await told(refused(429))).toEqual(new Away("Not this. Do that."));
});

test("a token that was given and is refused: where another comes from", async () => {
  expect(await told(refused(401))).toEqual(
    new Error(`Not this. Do that. The token given is over or wrong: get another by POST ${server.url}/auth/login.`),
  );
});

test("an API that cannot be reached is named, with the cause and what to do", async () => {
  await told({ body: {} });
  await server.stop();
  const url = `${server.url}/api/v1/tasks/7`;
  expect(await asked(server.url)).toEqual(
    new Away(`cannot reach ${url}: ECONNREFUSED; is it running? npm start starts one`),
  );
});

test("an answer that breaks off is as none", async () => {
  server = new SmallServer((_asked, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"id":');
    setTimeout(() => response.destroy(), 50);
    return undefined;
  });
  await server.start();
  expect(await asked(server.url)).toBeInstanceOf(Away);
});

test.each<[string, Said, RegExp]>([
  ["a proxy's page for an error", { status: 502, text: "no upstream\nmore" }, /7 answers 502 Bad Gateway no upstream$/],
  ["nothing for an error", { status: 500, text: "" }, /7 answers 500 Internal Server Error$/],
  ["somebody else's page", { text: "<html>" }, /answers text\/plain, as the API does not; is http:\S+ the right/],
  [
    "a broken answer",
    { text: "{", headers: { "content-type": "application/json" } },
    /http:\S+\/tasks\/7 answers broken JSON \(.+\); is http:\S+ the right address\?$/,
  ],
])("%s is told by its address", async (_what, said, words) => {
  const error = await told(said);
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).toMatch(words);
});

test("what is no URL is refused as such, and a token is asked for", async () => {
  await told({ body: {} });
  expect(() => clientFor({ api: "localhost", tenant: "acme" }, {})).toThrow("--api: localhost is no URL");
  expect(() => clientFor({ api: server.url, tenant: "acme" }, {})).toThrow("set LEANVIBE_TOKEN");
});
