import type { Manifest } from "@leanvibe/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { alterations } from "./alterations.ts";
import { ask, type Endpoint, findJudge, type Port, type Verdict } from "./judge.ts";
import { mayTalk } from "./rules.ts";
import { ENDPOINTS, METADATA, PARTIES, PORTS, world } from "./world.ts";

const MINUTES = 60_000;
let judge = "";

// Compiled once for each machine; another process may be at it.
beforeAll(async () => {
  judge = await findJudge();
}, 15 * MINUTES);

const { namespaces, policies } = world();

const QUESTIONS = ENDPOINTS.flatMap((source) =>
  ENDPOINTS.flatMap((destination) => PORTS.map((port) => ({ source, destination, port }))),
);

const EXPECTED = QUESTIONS.map(({ source, destination, port }) => mayTalk(source, destination, port));
const DIGITS = EXPECTED.map((allowed) => (allowed ? "1" : "0")).join("");

function verdictsOn(policySets: readonly (readonly Manifest[])[]): Verdict[] {
  return ask(judge, { namespaces, endpoints: ENDPOINTS, ports: PORTS, policySets });
}

/** What cyclonus answers otherwise than the rules, each as a line. */
function differences(verdict: Verdict | undefined): string[] {
  if (verdict === undefined || "refused" in verdict) throw new Error(verdict?.refused ?? "no answer");
  return QUESTIONS.flatMap((question, at) => {
    const allowed = verdict.allowed[at] === "1";
    return allowed === EXPECTED[at] ? [] : [`${line(question)}: ${allowed ? "open" : "closed"}`];
  });
}

function line({ source, destination, port }: { source: Endpoint; destination: Endpoint; port: Port }): string {
  const of = ({ namespace, ip }: Endpoint) => `${namespace || "outside"} ${ip}`;
  return `${of(source)} -> ${of(destination)} ${port.protocol}/${port.number}`;
}

describe("the network policies of several Tenants, judged by cyclonus", () => {
  it("allow what the rules allow and nothing else: every pair, every port", () => {
    const [verdict] = verdictsOn([policies]);
    const found = differences(verdict);
    const pairs = ENDPOINTS.length ** 2;
    console.log(`cyclonus: ${pairs} pairs x ${PORTS.length} ports, ${found.length} differences`);
    expect(found).toEqual([]);
    expect(QUESTIONS).toHaveLength(pairs * PORTS.length);
  });

  it("are asked about both answers, for each Tenant and in both directions", () => {
    for (const { namespaces: own } of PARTIES) {
      for (const end of ["source", "destination"] as const) {
        const answers = EXPECTED.filter((_, at) => own.includes(QUESTIONS[at]?.[end].namespace ?? ""));
        expect(new Set(answers)).toEqual(new Set([true, false]));
      }
    }
    const fromTenants = QUESTIONS.flatMap(({ source, destination }, at) =>
      source.namespace.startsWith("tenant-") && METADATA.includes(destination.ip) ? [EXPECTED[at]] : [],
    );
    expect(new Set(fromTenants)).toEqual(new Set([false]));
  });

  it(
    "hold nothing that could be left out or changed unnoticed",
    () => {
      const altered = alterations(policies);
      const unnoticed = verdictsOn(altered.map((each) => each.policies)).flatMap((verdict, at) =>
        "allowed" in verdict && verdict.allowed === DIGITS ? [altered[at]?.what] : [],
      );
      console.log(`cyclonus: ${altered.length} alterations, ${unnoticed.length} unnoticed`);
      // hooli lets nobody in, so that globex may go there opens nothing.
      expect(unnoticed).toEqual(["tenant-globex/leanvibe-custom: egress.0.to.2 left out"]);
    },
    5 * MINUTES,
  );
});
