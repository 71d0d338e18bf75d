import type { Cluster } from "./cluster.ts";
import { run } from "./command.ts";
import { importIntoDocker } from "./docker.ts";
import { importIntoLocal } from "./local.ts";

export type LoadOptions = { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal };

/**
 * Gives the images of an archive (as `docker save` writes it) to the nodes of a cluster on this machine, under the names
 * in it. @throws Error where that cluster has no nodes for them or it is not known how; CommandFailed
 */
export async function loadArchive(cluster: Cluster, archive: string, options: LoadOptions): Promise<void> {
  if (cluster.nodes === "simulated")
    throw new Error(`the nodes of ${cluster.context} are simulated: no container runs there, so it needs no image`);
  if (cluster.rung === "local") return await importIntoLocal(cluster.name, archive, options);
  if (cluster.rung === "docker") return await importIntoDocker(cluster.name, archive, options);
  const command = importCommand(cluster.context, archive);
  if (command === undefined) {
    throw new Error(
      `how the cluster of context ${cluster.context} gets images without a registry is not known here; push them to a registry that its nodes pull from`,
    );
  }
  await run(command.program, command.args, options);
}

/** By the tool that made the cluster; undefined where its name does not tell which. Pure. */
export function importCommand(
  context: string,
  archive: string,
): { program: string; args: readonly string[] } | undefined {
  const name = context.slice(context.indexOf("-") + 1);
  if (context.startsWith("kind-")) return { program: "kind", args: ["load", "image-archive", archive, "--name", name] };
  if (context.startsWith("k3d-")) return { program: "k3d", args: ["image", "import", archive, "--cluster", name] };
  if (context === "minikube") return { program: "minikube", args: ["image", "load", archive, "--profile", context] };
  return undefined;
}
