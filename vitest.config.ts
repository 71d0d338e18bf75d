import { defineConfig } from "vitest/config";
import { leftOut } from "./test/harness/left-out.ts";

const RUN_FOLDER = "./test/harness/run-folder.ts";
const CLUSTER = "**/*.cluster.test.ts";
const KUBELET = "**/*.kubelet.test.ts";
const SIMULATED = "**/*.simulated.test.ts";
const DATABASE = "**/*.database.test.ts";
const elsewhere = ["**/node_modules/**", ...(await leftOut()).map(({ pattern }) => pattern)];

export default defineConfig({
  test: {
    reporters: ["default", "./test/harness/reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...elsewhere, CLUSTER, KUBELET, SIMULATED, DATABASE],
          globalSetup: [RUN_FOLDER],
          // For a machine that has much else to do; what hangs, hangs longer.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "database",
          include: [DATABASE],
          exclude: elsewhere,
          globalSetup: [RUN_FOLDER, "./test/harness/database.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "cluster",
          include: [CLUSTER, KUBELET, SIMULATED],
          exclude: elsewhere,
          // One cluster for all of them; some stop the operator or take a definition away, so one file at a time.
          fileParallelism: false,
          globalSetup: [RUN_FOLDER, "./test/harness/set-up.ts", "./test/harness/database.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
