import { defineConfig } from "vitest/config";
import { JUDGED, judgeMissing } from "./test/cyclonus/judge.ts";
import { planTestCluster } from "./test/harness/set-up.ts";

// Which tests there are depends on what can be had here: a kubelet's tests are collected where nodes are real, those
// that ask cyclonus where it is built or Go can build it. The closing line names what was left out.
const { nodes } = await planTestCluster();
const unjudged = (await judgeMissing()) === undefined ? [] : [JUDGED];
const CLUSTER = "**/*.cluster.test.ts";
const KUBELET = "**/*.kubelet.test.ts";
const elsewhere = ["**/node_modules/**"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/harness/reporter.ts"],
    projects: [
      { test: { name: "unit", include: ["**/*.test.ts"], exclude: [...elsewhere, ...unjudged, CLUSTER, KUBELET] } },
      {
        test: {
          name: "cluster",
          include: nodes === "real" ? [CLUSTER, KUBELET] : [CLUSTER],
          exclude: elsewhere,
          // One cluster for all of them; some stop the operator or take a definition away, so one file at a time.
          fileParallelism: false,
          globalSetup: ["./test/harness/set-up.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
