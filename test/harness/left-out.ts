import { findProgram } from "../../cli/cluster/requirements.ts";
import { sandboxMissing } from "../agent/machine.ts";
import { JUDGED, judgeMissing } from "../cyclonus/judge.ts";
import { IMAGES_TESTS, imagesMissing } from "../images/missing.ts";
import { kubernetesMissing, MINORS_TESTS } from "../minors/control-plane.ts";
import { planTestCluster } from "./set-up.ts";

/** Tests that cannot be run here. They are not collected, and the closing lines say so: nothing passes unseen. */
export type LeftOut = { pattern: string; what: string; why: string };

/** Which tests there are depends on what can be had here: nodes that run pods, Go, an API server of our own build. */
export async function leftOut(): Promise<LeftOut[]> {
  const { nodes, rung } = await planTestCluster();
  const lacking = ["curl", "jq"].filter((program) => findProgram(program, process.env) === undefined);
  const reasons: { pattern: string; what: string; why: string | undefined }[] = [
    {
      pattern: "**/*.kubelet.test.ts",
      what: "that need a real kubelet",
      why: nodes === "real" ? undefined : `nodes here are ${nodes}`,
    },
    {
      pattern: "**/*.simulated.test.ts",
      what: "that need simulated nodes",
      why: nodes === "simulated" ? undefined : `nodes here are ${nodes}`,
    },
    {
      pattern: "**/pgbouncer.database.test.ts",
      what: "that go through pgbouncer",
      why:
        findProgram("pgbouncer", process.env) === undefined ? "it is not installed (apt install pgbouncer)" : undefined,
    },
    {
      pattern: "**/*.browser*.test.ts",
      what: "that look at a page in a browser",
      why:
        findProgram("chromium", process.env) === undefined ? "it is not installed (apt install chromium)" : undefined,
    },
    {
      pattern: "**/test/start/{start,curls,readme}.test.ts",
      what: "that run the documentation's curls",
      why: lacking.length === 0 ? undefined : `there is no ${lacking.join(" and no ")}`,
    },
    { pattern: IMAGES_TESTS, what: "that build the images and run them as pods", why: await imagesMissing(rung) },
    {
      pattern: "**/test/agent/{acceptance,agent,correction,function,loop}.test.ts",
      what: "that run what an agent wrote in its sandbox",
      why: await sandboxMissing(process.env),
    },
    {
      pattern: "**/test/agent/sandbox.security.test.ts",
      what: "that attack an agent's sandbox",
      why: await sandboxMissing(process.env),
    },
    {
      pattern: "**/test/agent/*.kubelet.test.ts",
      what: "that run agents' pods",
      why:
        (await sandboxMissing(process.env)) ??
        (rung === "context" ? "the cluster is not one that these tests made" : undefined),
    },
    { pattern: JUDGED, what: "that have the network policies judged by cyclonus", why: await judgeMissing() },
    { pattern: MINORS_TESTS, what: "on older minor versions of Kubernetes", why: kubernetesMissing(rung) },
  ];
  return reasons.flatMap(({ why, ...rest }) => (why === undefined ? [] : [{ ...rest, why }]));
}
