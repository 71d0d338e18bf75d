import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";

const fileSchema = z.looseObject({
  "current-context": z.string().nullish(),
  contexts: z
    .array(z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: z.string() }) }))
    .nullish(),
  clusters: z.array(z.looseObject({ name: z.string(), cluster: z.looseObject({ server: z.string() }) })).nullish(),
  users: z.array(z.looseObject({ name: z.string(), user: z.record(z.string(), z.unknown()).nullish() })).nullish(),
});

/** One context of a person's kubeconfig. */
export interface Context {
  readonly name: string;
  /** The API server's URL. */
  readonly server: string;
  /** A kubeconfig with this context alone, which can stand in any folder. */
  readonly kubeconfig: string;
}

/** All contexts of `$KUBECONFIG` or ~/.kube/config, merged as kubectl does it: the first file that names a thing wins. */
export function readContexts(env: NodeJS.ProcessEnv): {
  readonly current: string | undefined;
  readonly contexts: readonly Context[];
} {
  const paths = env["KUBECONFIG"]?.split(delimiter).filter((path) => path !== "") ?? [
    join(env["HOME"] || homedir(), ".kube", "config"),
  ];
  const files = paths.filter((path) => existsSync(path)).map(readFile);
  const clusters = files.flatMap((file) => file.clusters);
  const users = files.flatMap((file) => file.users);
  const contexts = files
    .flatMap((file) => file.contexts)
    .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)
    .flatMap((context) => {
      const cluster = clusters.find(({ name }) => name === context.context.cluster);
      if (!cluster) return [];
      const user = users.find(({ name }) => name === context.context.user);
      const kubeconfig = stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": context.name,
        contexts: [context],
        clusters: [cluster],
        users: user ? [user] : [],
      });
      return [{ name: context.name, server: cluster.cluster.server, kubeconfig }];
    });
  return { current: files.map((file) => file.current).find((name) => name), contexts };
}

function readFile(path: string) {
  const parsed = fileSchema.parse(parse(readFileSync(path, "utf8")) ?? {});
  const absolute = (value: unknown) =>
    typeof value === "string" && value !== "" && !isAbsolute(value) ? resolve(dirname(path), value) : value;
  const located = <T extends Record<string, unknown>>(object: T, keys: readonly string[]): T => ({
    ...object,
    ...Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, absolute(object[key])])),
  });
  return {
    current: parsed["current-context"] ?? undefined,
    contexts: parsed.contexts ?? [],
    clusters: (parsed.clusters ?? []).map((each) => ({
      ...each,
      cluster: located(each.cluster, ["certificate-authority"]),
    })),
    users: (parsed.users ?? []).map((each) => ({
      ...each,
      user: located(each.user ?? {}, ["client-certificate", "client-key", "tokenFile"]),
    })),
  };
}
