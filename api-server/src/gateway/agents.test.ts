import type { ApiRequest, Transport } from "@leanvibe/runtime";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { Agents } from "./agents.ts";

const HONEST = "honest";

/** A cluster that knows one agent, by a word in its token, and counts how often it is asked. */
class Strangers implements Transport {
  asked = 0;
  async send({ path, body }: ApiRequest): Promise<unknown> {
    if (!path.endsWith("/tokenreviews")) throw new Error("nothing else is to be asked");
    this.asked += 1;
    const { spec } = review.parse(body);
    if (!spec.token.endsWith(part(HONEST))) return { status: { authenticated: false } };
    const extra = { "authentication.kubernetes.io/pod-name": ["p"], "authentication.kubernetes.io/pod-uid": ["u"] };
    const user = { username: "system:serviceaccount:tenant-acme:leanvibe-agent", extra };
    return { status: { authenticated: true, audiences: ["leanvibe-gateway"], user } };
  }
  async *lines(): AsyncIterable<string> {}
  async close(): Promise<void> {}
}

const review = z.object({ spec: z.object({ token: z.string() }) });

let cluster: Strangers;
let agents: Agents;
/** What the keys of the cluster say of a token. */
let isForged: (token: string) => boolean;

beforeEach(() => {
  cluster = new Strangers();
  isForged = () => false;
  const keys = { isForged: async (of: string) => isForged(of) };
  agents = new Agents({ transport: cluster, database: { findTask: async () => undefined }, keys });
});

const seconds = (more: number) => Math.floor(Date.now() / 1000) + more;
const POD = { pod: { name: "agt-report-6f1c2d3e-abcde", uid: "u" } };
const part = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const token = (more: object = {}, signature = "signature") =>
  `${part({ alg: "RS256" })}.${part({
    aud: ["leanvibe-gateway"],
    exp: seconds(600),
    sub: "system:serviceaccount:tenant-acme:leanvibe-agent",
    "kubernetes.io": { namespace: "tenant-acme", ...POD },
    ...more,
  })}.${part(signature)}`;

const knock = (of: string) => agents.agentOf(of, "tenant-acme/report");

test.each([
  ["a word", "secret"],
  ["nothing", ""],
  ["three dots", "..."],
  ["no JSON", `${part("a")}.${part("no JSON")}.${part("c")}`],
  ["an array", `${part("a")}.${part([])}.${part("c")}`],
  ["more than any token has", `${token()}${"x".repeat(10_000)}`],
  ["one for the Kubernetes API", token({ aud: ["https://kubernetes.default.svc"] })],
  ["one that is over", token({ exp: seconds(-120) })],
  ["one without an end", token({ exp: undefined })],
  ["another account's", token({ sub: "system:serviceaccount:tenant-acme:default" })],
  ["a person's", token({ sub: "jane:leanvibe-agent" })],
  ["one of no pod", token({ "kubernetes.io": { namespace: "tenant-acme" } })],
  ["one of a pod that is no agent's", token({ "kubernetes.io": { pod: { name: "web-0", uid: "u" } } })],
])("a token that is %s is refused, and the cluster is not asked about it [flood]", async (_what, of) => {
  await expect(knock(of)).rejects.toMatchObject({ code: "AGENT_NOT_RECOGNIZED" });
  expect(cluster.asked).toBe(0);
});

test.each([
  ["in a list", token()],
  ["alone", token({ aud: "leanvibe-gateway" })],
  ["and was over a moment ago, by a clock that may be ahead", token({ exp: seconds(-5) })],
])(
  "a token that says the right things is not believed: the cluster is asked, once (audience %s) [forged]",
  async (_what, of) => {
    await expect(knock(of)).rejects.toMatchObject({ code: "AGENT_NOT_RECOGNIZED" });
    await expect(knock(of)).rejects.toMatchObject({ code: "AGENT_NOT_RECOGNIZED" });
    expect(cluster.asked).toBe(1);
  },
);

test("tokens that no key of the cluster signed cost it no question, and shut nobody out [flood]", async () => {
  isForged = (of) => !of.endsWith(part(HONEST));
  const forged = Array.from({ length: 200 }, (_, at) => knock(token({ at })));
  const honest = knock(token({}, HONEST));
  await Promise.allSettled([...forged, honest]);
  for (const each of forged) await expect(each).rejects.toMatchObject({ code: "AGENT_NOT_RECOGNIZED" });
  await expect(honest).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  expect(cluster.asked).toBe(1);
});

test("what is known of an agent is not forgotten for strangers, however many come [flood]", async () => {
  const honest = token({}, HONEST);
  // The task that it names cannot be read here: it was let in.
  await expect(knock(honest)).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  for (let times = 0; times < 50; times++) {
    await Promise.allSettled(Array.from({ length: 30 }, (_, at) => knock(token({ times, at }))));
  }
  await expect(knock(honest)).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  expect(cluster.asked).toBe(1 + 50 * 30);
});
