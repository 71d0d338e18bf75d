import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { stopCluster } from "../cluster/index.ts";
import { dataFolder } from "../cluster/layout.ts";
import { operatorFiles, stopOperator } from "./operator.ts";
import type { Reporter } from "./terminal.ts";
import { DEV_CLUSTER } from "./up.ts";

/** Stops the operators and the cluster that `up` started. The data stays unless `deleteData`. */
export async function down({ deleteData, reporter }: { deleteData: boolean; reporter: Reporter }): Promise<void> {
  const names = operatorNames();
  const stopped: string[] = [];
  for (const name of names) {
    const files = operatorFiles(name, process.env);
    if (await stopOperator(files)) stopped.push(`operator on ${name}`);
    if (deleteData) rmSync(dirname(files.kubeconfig), { recursive: true, force: true });
  }
  const cluster = await stopCluster(DEV_CLUSTER, { deleteData });
  if (cluster.stopped) stopped.push(`cluster ${DEV_CLUSTER}`);
  const kept = deleteData ? "its data is deleted" : "the data is kept; npm start goes on where it was";
  const line =
    stopped.length === 0
      ? `Nothing was running${deleteData ? "; data deleted" : ""}.`
      : `Stopped ${stopped.join(", ")}; ${kept}.`;
  reporter.result({ stopped, dataDeleted: deleteData }, [line]);
}

function operatorNames(): string[] {
  try {
    return readdirSync(join(dataFolder(process.env), "operator"));
  } catch {
    return [];
  }
}
