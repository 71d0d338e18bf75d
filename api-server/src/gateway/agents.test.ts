import type { ApiRequest, Transport } from "@leanvibe/runtime";
import { beforeEach, expect, test } from "vitest";
import { Agents } from "./agents.ts";

/** A cluster that knows nobody, and counts how often it is asked. */
class Strangers implements Transport {
  asked = 0;
  async send({ path }: ApiRequest): Promise<unknown> {
    this.asked += 1;
    if (!path.endsWith("/tokenreviews")) throw new Error("nothing else is to be asked");
    return { status: { authenticated: false } };
  }
  async *lines(): AsyncIterable<string> {}
  async close(): Promise<void> {}
}

let cluster: Strangers;
let agents: Agents;

beforeEach(() => {
  cluster = new Strangers();
  agents = new Agents({ transport: cluster, database: { findTask: async () => undefined } });
});

const seconds = (more: number) => Math.floor(Date.now() / 1000) + more;
const POD = { pod: { name: "agt-report-6f1c2d3e-abcde", uid: "u" } };
const part = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const token = (more: object = {}) =>
  `${part({ alg: "RS256" })}.${part({
    aud: ["leanvibe-gateway"],
    exp: seconds(600),
    sub: "system:serviceaccount:tenant-acme:leanvibe-agent",
    "kubernetes.io": { namespace: "tenant-acme", ...POD },
    ...more,
  })}.${part("signature")}`;

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
