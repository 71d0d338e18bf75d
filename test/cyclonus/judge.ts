import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "@leanvibe/runtime";
import { z } from "zod";
import { build, goMissing } from "../../cli/cluster/build.ts";
import { cacheFolder } from "../../cli/cluster/layout.ts";
import { builtFolder, type Program } from "../../cli/cluster/programs.ts";

const JUDGE: Program = {
  module: "cyclonus",
  source: join(import.meta.dirname, "judge"),
  packages: ["."],
  outputs: ["cyclonus"],
  flags: ["-ldflags", "-s -w"],
  coldSeconds: 75,
};

/** Test files that ask the judge. */
export const JUDGED = "**/test/cyclonus/*.test.ts";

/** A pod, or an address outside the cluster when it has no namespace. */
export type Endpoint = { namespace: string; labels: Record<string, string>; ip: string };
export type Port = { protocol: "TCP" | "UDP" | "SCTP"; number: number };
export type Question = {
  /** Labels of each namespace, by its name. */
  namespaces: Record<string, Record<string, string>>;
  endpoints: readonly Endpoint[];
  ports: readonly Port[];
  policySets: readonly (readonly Manifest[])[];
};
/** A digit for each source, destination and port, in the order of the question; or why it is no set of policies. */
export type Verdict = { allowed: string } | { refused: string };

const verdicts = z.array(z.union([z.object({ allowed: z.string() }), z.object({ refused: z.string() })]));

/** Why there is no judge here, or undefined when there is one or it can be built. Builds nothing. */
export async function judgeMissing(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  return existsSync(builtFolder(JUDGE, cacheFolder(env))) ? undefined : await goMissing(env);
}

/** Builds the judge once for this machine, and gives its path. */
export async function findJudge(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  let told = "";
  const progress = ({ message }: { message: string }) => {
    if (message !== told) console.log(`${message} (once, about ${JUDGE.coldSeconds} s on two cores)`);
    told = message;
  };
  return join(await build(JUDGE, { cache: cacheFolder(env), env, progress }), "cyclonus");
}

/** One verdict for each set of policies. */
export function ask(judge: string, question: Question): Verdict[] {
  const answer = execFileSync(judge, { input: JSON.stringify(question), maxBuffer: 1024 ** 3 });
  return verdicts.parse(JSON.parse(answer.toString()));
}
