import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { collectionPath, connect, credentialsOf, KINDS, type Transport } from "@leanvibe/runtime";
import { SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
import { readContexts } from "../cluster/kubeconfigs.ts";

/** Opens a kubeconfig file. @throws Error naming the file when it cannot be read or has no current context. */
export function readKubeconfig(path: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromFile(path);
  } catch (error) {
    throw new Error(`${path} is no kubeconfig: ${error instanceof Error ? error.message : String(error)}`);
  }
  return kubeConfig;
}

/** A connection as whoever the kubeconfig's current context says. */
export async function connectTo(kubeconfig: string): Promise<Transport> {
  return connect(await credentialsOf(readKubeconfig(kubeconfig)), { userAgent: "leanvibe-cli" });
}

/**
 * A connection as kubectl would make one: by the context of that name, or the current one, of all the files of KUBECONFIG.
 * @throws Error that says which contexts there are
 */
export async function connectAsKubectl(context: string | undefined, env: NodeJS.ProcessEnv): Promise<Transport> {
  // The library's own merging refuses a name that two files have, where kubectl takes the first.
  const { current, contexts } = readContexts(env);
  const name = context ?? current;
  const found = contexts.find((each) => each.name === name);
  if (found === undefined) {
    const names = contexts.map((each) => each.name).join(", ") || "none";
    const what = name === undefined ? "no kubeconfig says which cluster is meant" : `there is no context ${name}`;
    throw new Error(`${what}; there are: ${names}. Say --context NAME, or set KUBECONFIG`);
  }
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(found.kubeconfig);
  return connect(await credentialsOf(kubeConfig), { userAgent: "leanvibe-cli" });
}

/** A program of ours that is known to the cluster by a ServiceAccount. */
export type Account = keyof typeof SERVICE_ACCOUNTS;

/** A year: a local program runs until it is stopped. A cluster may allow less, and says so in its answer. */
const TOKEN_SECONDS = 365 * 24 * 3600;

/**
 * Writes a kubeconfig with which a program of ours is its own ServiceAccount and nothing more, for a process outside the
 * cluster. Readable by this account only: it holds a token.
 * @returns when the token ends.
 */
export async function writeAccountKubeconfig(
  transport: Transport,
  account: Account,
  { admin, path }: { admin: string; path: string },
): Promise<Date> {
  const answer = await transport.send({
    method: "POST",
    path: `${collectionPath(SERVICE_ACCOUNT, SYSTEM_NAMESPACE)}/${SERVICE_ACCOUNTS[account]}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: TOKEN_SECONDS } },
  });
  const { token, expirationTimestamp } = tokenAnswer.parse(answer).status;
  const cluster = readKubeconfig(admin).getCurrentCluster();
  const name = SERVICE_ACCOUNTS[account];
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ ...cluster, name }],
    users: [{ name, token }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  await mkdir(dirname(path), { recursive: true });
  // Whole or not at all: who waits for it reads it when it is there.
  const half = `${path}-new`;
  await writeFile(half, config.exportConfig(), { mode: 0o600 });
  await rename(half, path);
  return new Date(expirationTimestamp);
}

const tokenAnswer = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.iso.datetime() }) });

const SERVICE_ACCOUNT = { ...KINDS.ConfigMap, kind: "ServiceAccount", plural: "serviceaccounts" };
