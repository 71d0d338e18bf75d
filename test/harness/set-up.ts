import { type Cluster, type ClusterOptions, type Plan, planCluster, startCluster } from "../../cli/cluster/index.ts";
import { connectTo } from "../../cli/src/credentials.ts";
import { install } from "../../cli/src/install.ts";
import { bundleOperator } from "../../cli/src/operator.ts";
import { createReporter } from "../../cli/src/terminal.ts";

const reporter = createReporter({ json: false });

const options: ClusterOptions = {
  name: "test",
  purpose: "test",
  // It dies with this process, however that ends.
  lifetime: "parent",
  progress: (event) => reporter.progress(event),
};

let plan: Promise<Plan> | undefined;

/** The cluster that the tests would get, found out once and without side effects. */
export function planTestCluster(): Promise<Plan> {
  plan ??= planCluster(options);
  return plan;
}

/** Starts the one cluster of a run, never anybody's current context, and installs what a person's would have. */
export default async function setUp(): Promise<() => Promise<void>> {
  const chosen = await planTestCluster();
  reporter.say(`Test cluster: ${chosen.why}`);
  const begun = performance.now();
  const bundled = bundleOperator();
  const cluster: Cluster = await startCluster({ ...options, plan: chosen });
  await bundled;
  const transport = await connectTo(cluster.kubeconfig);
  await install(transport);
  await transport.close();
  reporter.done(`test cluster up, ${cluster.nodes} nodes`, (performance.now() - begun) / 1000);
  process.env["LEANVIBE_TEST_KUBECONFIG"] = cluster.kubeconfig;
  process.env["LEANVIBE_TEST_KUBECTL"] = cluster.kubectl;
  return () => cluster.stop();
}
