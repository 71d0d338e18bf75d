import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { messageOf } from "@leanvibe/runtime";
import { parse, stringify } from "yaml";
import { z } from "zod";

const fileSchema = z.looseObject({
  "current-context": z.string().nullish(),
  contexts: z
    .array(
      z.looseObject({
        name: z.string(),
        // Without a user whoever asks is nobody, which some clusters take.
        context: z.looseObject({ cluster: z.string().nullish(), user: z.string().nullish() }).nullish(),
      }),
    )
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

/**
 * All contexts of `$KUBECONFIG` or ~/.kube/config, merged as kubectl does it: the first file that names a thing wins.
 * @throws Error naming a file that is no kubeconfig, and its fault
 */
export function readContexts(env: NodeJS.ProcessEnv): {
  readonly current: string | undefined;
  readonly contexts: readonly Context[];
} {
  const named = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const paths = named.length > 0 ? named : [join(env["HOME"] || homedir(), ".kube", "config")];
  const files = paths.filter((path) => existsSync(path)).map(readFile);
  const clusters = files.flatMap((file) => file.clusters);
  const users = files.flatMap((file) => file.users);
  const contexts = files
    .flatMap((file) => file.contexts)
    .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)
    .flatMap((context) => {
      const cluster = clusters.find(({ name }) => name === context.context?.cluster);
      if (!cluster) return [];
      const user = users.find(({ name }) => name === context.context?.user);
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
  const parsed = contentOf(path);
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

function contentOf(path: string): z.infer<typeof fileSchema> {
  const refused = (fault: string) => new Error(`${path} is no kubeconfig: ${fault}`);
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8")) ?? {};
  } catch (error) {
    // Of broken YAML the lines are shown after a line that says all.
    const [fault = ""] = messageOf(error).split("\n");
    throw refused(fault.replace(/:$/, ""));
  }
  const { data, error } = fileSchema.safeParse(content);
  if (data !== undefined) return data;
  const faults = error.issues.map(({ path: at, message }) =>
    at.length === 0 ? message : `${at.join(".")}: ${message}`,
  );
  throw refused(faults.join("; "));
}
