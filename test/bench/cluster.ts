import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, credentialsOf, type Transport } from "@leanvibe/runtime";
import type { Cluster } from "../../cli/cluster/cluster.ts";
import { planLocal, startLocal, stopLocal } from "../../cli/cluster/local.ts";
import { readKubeconfig, writeAccountKubeconfig } from "../../cli/src/credentials.ts";
import { install } from "../../cli/src/install.ts";

const NAME = "bench";

/** By verb; "events" are the Events among the POSTs. */
export type Requests = Record<string, number>;

/** A control plane of its own with nothing in it but what an operator needs. */
export type BenchCluster = {
  admin: Transport;
  /** Address, authority and the tokens of both users, for programs that need no kubeconfig. */
  access: { server: string; ca: string; tokens: { admin: string; operator: string } };
  adminKubeconfig: string;
  operatorKubeconfig: string;
  /** A folder for logs, gone with the cluster. */
  folder: string;
  /** Requests that the API server has answered, by verb; watches and what the control plane asks for included. */
  requests(): Promise<Requests>;
  stop(): Promise<void>;
};

/**
 * Starts one with an empty data folder and simulated nodes. Where times are measured etcd waits for the disk, which is
 * what a write costs elsewhere; what is only to be filled quickly says `durable: false`.
 */
export async function freshCluster({ durable = true }: { durable?: boolean } = {}): Promise<BenchCluster> {
  const { env } = process;
  const plan = await planLocal(env, "simulated");
  if ("impossible" in plan) throw new Error(`no cluster can be had here: ${plan.impossible}`);
  // What an interrupted run has left.
  await stopLocal(NAME, true, env);
  const cluster: Cluster = await startLocal(
    { name: NAME, purpose: durable ? "dev" : "test", lifetime: "parent", progress: () => undefined, env },
    plan,
  );
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-bench-"));
  const credentials = await credentialsOf(readKubeconfig(cluster.kubeconfig));
  const admin = connect(credentials);
  await install(admin);
  const operatorKubeconfig = join(folder, "kubeconfig");
  await writeAccountKubeconfig(admin, "operator", { admin: cluster.kubeconfig, path: operatorKubeconfig });
  const tokens = { admin: await tokenIn(cluster.kubeconfig), operator: await tokenIn(operatorKubeconfig) };
  return {
    admin,
    adminKubeconfig: cluster.kubeconfig,
    operatorKubeconfig,
    access: { server: credentials.server, ca: String(credentials.tls.ca), tokens },
    folder,
    requests: () => requestsOf(admin),
    async stop() {
      await admin.close();
      await cluster.stop();
      await stopLocal(NAME, true, env);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function tokenIn(kubeconfig: string): Promise<string> {
  const credentials = await credentialsOf(readKubeconfig(kubeconfig));
  const { authorization = "" } = await credentials.headers();
  return authorization.replace(/^Bearer /, "");
}

async function requestsOf(admin: Transport): Promise<Requests> {
  const counts: Record<string, number> = {};
  const count = (name: string, more: number) => {
    counts[name] = (counts[name] ?? 0) + more;
  };
  for await (const line of admin.lines({ method: "GET", path: "/metrics" })) {
    const [, resource, verb = "", value] = ANSWERED.exec(line) ?? [];
    if (verb === "") continue;
    count(verb, Number(value));
    if (resource === "events" && verb === "POST") count("events", Number(value));
  }
  return counts;
}

/** Labels come in the order of their names. */
const ANSWERED = /^apiserver_request_total\{.*,resource="(\w*)",.*verb="(\w+)".*\} (\S+)$/;
