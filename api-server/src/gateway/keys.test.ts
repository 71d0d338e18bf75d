import { once } from "node:events";
import { createServer } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Keys, publishedBy } from "./keys.ts";

type Pair = { alg: string; kid: string; privateKey: CryptoKey; jwk: JWK };

async function pair(alg: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), use: "sig", alg, kid } };
}

const signed = ({ alg, kid, privateKey }: Pair, header: object = {}) =>
  new SignJWT({ sub: "system:serviceaccount:tenant-acme:leanvibe-agent" })
    .setProtectedHeader({ alg, kid, ...header })
    .sign(privateKey);

let rsa: Pair;
let ec: Pair;
let later: Pair;
let stranger: Pair;

let published: unknown;
let asked: number;
let now: number;
let keys: Keys;

beforeAll(async () => {
  [rsa, ec, later, stranger] = await Promise.all([
    pair("RS256", "one"),
    pair("ES256", "two"),
    pair("ES256", "three"),
    pair("RS256", "one"),
  ]);
});

beforeEach(() => {
  published = { keys: [rsa.jwk, ec.jwk] };
  [asked, now] = [0, 100_000];
  keys = new Keys({
    published: async () => {
      asked += 1;
      if (published instanceof Error) throw published;
      return published;
    },
    now: () => now,
  });
});

describe("a token", () => {
  test("that a key of the cluster signed may be good; its keys are asked for once", async () => {
    expect(await Promise.all([keys.isForged(await signed(rsa)), keys.isForged(await signed(ec))])).toEqual([
      false,
      false,
    ]);
    expect(asked).toBe(1);
  });

  test("of a key that is published twice may be good", async () => {
    published = { keys: [stranger.jwk, rsa.jwk, rsa.jwk] };
    expect(await keys.isForged(await signed(rsa))).toBe(false);
  });

  test.each([
    ["of another key by that name", () => signed(stranger)],
    [
      "changed after it was signed",
      async () => (await signed(rsa)).replace(/\.[^.]+\./, `.${part({ sub: "other" })}.`),
    ],
    [
      "with a word for its signature",
      async () => `${(await signed(rsa)).split(".").slice(0, 2).join(".")}.${part("x")}`,
    ],
    ["without a signature's kind", async () => `${part({ alg: "none", kid: "one" })}.${part({})}.${part("x")}`],
    [
      "signed by what is published as by a secret",
      async () => `${part({ alg: "HS256", kid: "one" })}.${part({})}.${part("x")}`,
    ],
    ["of another kind than its key", async () => `${part({ alg: "ES256", kid: "one" })}.${part({})}.${part("x")}`],
    ["that names no key", async () => `${part({ alg: "RS256" })}.${part({})}.${part("x")}`],
    ["that is none", async () => "x.y.z"],
  ])("%s is forged [forged]", async (_what, token) => {
    expect(await keys.isForged(await token())).toBe(true);
  });
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("where a key of the cluster's cannot be used here nothing is told", async () => {
  published = { keys: [{ kty: "RSA", kid: "one", alg: "RS256", n: "AQAB", e: "AQAB" }] };
  expect(await keys.isForged(await signed(stranger))).toBe(false);
});

describe("a key that is not known", () => {
  test("is asked for, so that a new one of the cluster holds as soon as it is published", async () => {
    expect(await keys.isForged(await signed(rsa))).toBe(false);
    now += 10_000;
    published = { keys: [rsa.jwk, ec.jwk, later.jwk] };
    expect([await keys.isForged(await signed(later)), asked]).toEqual([false, 2]);
  });

  test("is asked for no more than once in ten seconds, however many come [flood]", async () => {
    await keys.isForged(await signed(rsa));
    const many = Array.from({ length: 100 }, (_, at) => signed({ ...stranger, kid: `made-up-${at}` }));
    now += 10_000;
    for (const token of await Promise.all(many)) expect(await keys.isForged(token)).toBe(true);
    expect(asked).toBe(2);
  });
});

test.each([
  ["may not be read", new Error("403")],
  ["are none", { keys: [] }],
  ["are no keys", "<html>"],
])(
  "where the cluster's keys %s nothing is told, and they are asked for again after ten seconds",
  async (_what, what) => {
    const token = await signed(stranger);
    published = what;
    for (let times = 0; times < 3; times++) expect(await keys.isForged(token)).toBe(false);
    expect(asked).toBe(1);
    published = { keys: [rsa.jwk] };
    now += 10_000;
    expect([await keys.isForged(token), asked]).toEqual([true, 2]);
  },
);

test("the cluster's keys are read where Kubernetes publishes them, as what they are", async () => {
  const server = createServer(({ url, headers }, response) => {
    const isRight = url === "/k8s/openid/v1/jwks" && headers.accept === "application/jwk-set+json";
    const status = headers.authorization === "Bearer ours" ? 200 : 403;
    response.writeHead(isRight ? status : 406).end(JSON.stringify({ keys: [rsa.jwk] }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const place = `http://127.0.0.1:${typeof address === "object" ? address?.port : address}/k8s/`;
  const at = (authorization: string) => ({
    server: () => place,
    there: async () => ({
      server: place,
      credentials: { server: place, tls: {}, headers: async () => ({ authorization }) },
    }),
  });
  expect(await publishedBy(at("Bearer ours"))).toEqual({ keys: [rsa.jwk] });
  await expect(publishedBy(at("Bearer another"))).rejects.toThrow("it answers 403");
  await expect(publishedBy({ ...at("Bearer ours"), server: () => undefined })).rejects.toThrow("not there yet");
  server.close();
});
