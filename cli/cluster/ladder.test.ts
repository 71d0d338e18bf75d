import { describe, expect, test } from "vitest";
import { type Cluster, type ClusterOptions, ClusterRefused, NoCluster } from "./cluster.ts";
import { firstOffer, ladder, type Offer, type Step, takeFirst } from "./ladder.ts";

const options = (more: Partial<ClusterOptions> = {}): ClusterOptions => ({
  name: "dev",
  purpose: "dev",
  lifetime: "detached",
  progress: () => undefined,
  env: {},
  ...more,
});

const clusterOn = (rung: Cluster["rung"]): Cluster => ({
  name: "dev",
  rung,
  nodes: "real",
  kubeconfig: "",
  context: "",
  kubectl: "kubectl",
  reused: false,
  stop: async () => undefined,
});

function offers(rung: Cluster["rung"], take: () => Promise<Cluster> = async () => clusterOn(rung)): Step {
  const offer: Offer = { plan: { rung, nodes: "real", why: rung, expectedSeconds: 1 }, take };
  return { rung, probe: async () => offer };
}
const has = (rung: string, why: string): Step => ({ rung, probe: async () => why });
const rungsOf = (more?: Partial<ClusterOptions>) => ladder(options(more)).map(({ rung }) => rung);

describe("the order of the ladder", () => {
  test("is: what runs already, the current context, Docker, a local cluster, one with simulated nodes", () =>
    expect(rungsOf()).toEqual(["running", "context", "docker", "local", "simulated"]));
  test("is the named context alone when one is named", () => expect(rungsOf({ context: "prod" })).toEqual(["context"]));
  test("never holds a current context in tests", () =>
    expect(rungsOf({ purpose: "test", context: "prod" })).toEqual(["docker", "local", "simulated"]));
  test("is LEANVIBE_TEST_CONTEXT alone when that is set", () =>
    expect(rungsOf({ purpose: "test", env: { LEANVIBE_TEST_CONTEXT: "ci" } })).toEqual(["context"]));
});

describe("climbing", () => {
  test("takes the first rung that offers something and says why not those before it", async () => {
    const { offer, passedOver } = await firstOffer([has("context", "a."), has("docker", "b."), offers("local")]);
    expect(offer.plan.rung).toBe("local");
    expect(passedOver).toEqual([
      { rung: "context", why: "a." },
      { rung: "docker", why: "b." },
    ]);
  });

  test("goes on after a rung that fails on the way, and says so", async () => {
    const said: string[] = [];
    const failing = offers("docker", async () => Promise.reject(new Error("no such image")));
    const progress: ClusterOptions["progress"] = ({ message }) => said.push(message);
    const cluster = await takeFirst([failing, has("x", "y."), offers("local")], { progress });
    expect(cluster.rung).toBe("local");
    expect(said).toEqual(["docker: no such image."]);
  });

  test("names every rung and its reason when none is left", async () => {
    const failing = offers("docker", async () => Promise.reject(new Error("no such image")));
    const climb = takeFirst([has("context", "none."), failing, has("local", "no Go.")], options());
    await expect(climb).rejects.toBeInstanceOf(NoCluster);
    await expect(climb).rejects.toMatchObject({
      passedOver: [
        { rung: "context", why: "none." },
        { rung: "docker", why: "no such image." },
        { rung: "local", why: "no Go." },
      ],
    });
  });

  test("never answers a refusal with another cluster", async () => {
    const refusing = offers("context", async () => Promise.reject(new ClusterRefused("no yes", "say yes")));
    await expect(takeFirst([refusing, offers("local")], options())).rejects.toBeInstanceOf(ClusterRefused);
  });

  test("stops when it is interrupted, without trying the next rung", async () => {
    const interrupt = new AbortController();
    const interrupted = offers("docker", async () => {
      interrupt.abort(new Error("Ctrl-C"));
      throw new Error("killed");
    });
    const climb = takeFirst([interrupted, offers("local")], options({ signal: interrupt.signal }));
    await expect(climb).rejects.toThrow("Ctrl-C");
  });
});
