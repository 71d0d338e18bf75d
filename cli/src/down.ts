import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { stopCluster } from "../cluster/index.ts";
import { dataFolder, layoutOf } from "../cluster/layout.ts";
import { hasNamedDatabases } from "./keys.ts";
import { operatorFiles, stopOperator } from "./operator.ts";
import { DEV_CLUSTER } from "./part.ts";
import { stopServing } from "./serve.ts";
import type { Reporter } from "./terminal.ts";

/** Stops the operators, the APIs, their databases and the cluster that `up` started. The data stays unless `deleteData`. */
export async function down({ deleteData, reporter }: { deleteData: boolean; reporter: Reporter }): Promise<void> {
  const stopped: string[] = [];
  for (const name of namesIn("operator")) {
    const files = operatorFiles(name, process.env);
    if (await stopOperator(files)) stopped.push(`operator on ${name}`);
    if (deleteData) rmSync(dirname(files.kubeconfig), { recursive: true, force: true });
  }
  for (const name of namesIn("api")) {
    stopped.push(...(await stopServing(name, deleteData, process.env)));
  }
  const cluster = await stopCluster(DEV_CLUSTER, { deleteData });
  if (cluster.stopped) stopped.push(`cluster ${DEV_CLUSTER}`);
  // Copies of people's own contexts, credentials included.
  if (deleteData) rmSync(join(dataFolder(process.env), "contexts"), { recursive: true, force: true });
  if (deleteData && existsSync(layoutOf(DEV_CLUSTER, process.env).root)) {
    throw new Error(
      "another process is starting or stopping the cluster, so its data was left alone. Stop that one (Ctrl-C), then run this again.",
    );
  }
  reporter.result({ stopped, dataDeleted: deleteData }, lines(stopped, deleteData));
}

function lines(stopped: readonly string[], deleteData: boolean): string[] {
  const line = stopped.length === 0 ? "Nothing was running" : `Stopped ${stopped.join(", ")}`;
  if (!deleteData) {
    return [stopped.length === 0 ? `${line}.` : `${line}; the data is kept; npm start goes on where it was.`];
  }
  const named = hasNamedDatabases(process.env);
  return [
    `${line}; the data is deleted.`,
    ...(named ? ["Databases that DATABASE_URL named are yours: they were left as they are."] : []),
  ];
}

/** Of which clusters there are any such files. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(join(dataFolder(process.env), folder));
  } catch {
    return [];
  }
}
