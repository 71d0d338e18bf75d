import { join } from "node:path";
import { CommandFailed, run } from "../cluster/command.ts";
import { apiNames, findApi, type RunningApi } from "./api.ts";
import { ROOT } from "./manifests.ts";
import { DEV_CLUSTER } from "./part.ts";

const PROGRAM = join(ROOT, "api-server", "src", "token.ts");

/**
 * An access token for the API that runs here, of a development user of that tenant and role.
 * @throws Error with what to do when there is none, or when the API's side refuses
 */
export async function token(
  { tenant, role }: { tenant: string; role: string },
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { settings } = runningApi(env);
  const how = { cwd: ROOT, env: { ...env, ...settings } };
  try {
    return (await run(process.execPath, [PROGRAM, tenant, role], how)).trim();
  } catch (error) {
    throw error instanceof CommandFailed ? new Error(error.output || error.message) : error;
  }
}

/** The one that is meant: that of the cluster `up` makes, else the only one. @throws Error */
export function runningApi(env: NodeJS.ProcessEnv): RunningApi {
  const running = apiNames(env).flatMap((name) => findApi(name, env) ?? []);
  const [first, second] = running;
  if (first === undefined) throw new Error("no API runs here. Start it with npm start, then try again.");
  if (second === undefined) return first;
  const own = running.find(({ name }) => name === DEV_CLUSTER);
  if (own !== undefined) return own;
  throw new Error(`several APIs run here: ${running.map(({ name }) => name).join(", ")}. Stop those you do not mean.`);
}
