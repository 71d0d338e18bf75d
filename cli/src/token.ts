import { join } from "node:path";
import { z } from "zod";
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

/** As an access token says it of itself, in seconds. */
const life = z.object({ iat: z.number(), exp: z.number() });

/**
 * A token that does not end: another is made once the last one has lived half of its life.
 * @returns a function that hands out the present one. It rejects where none can be made and the last one is over
 */
export function lasting(mint: () => Promise<string>, now: () => number = Date.now): () => Promise<string> {
  let held: { token: string; madeAt: number; milliseconds: number } | undefined;
  return async () => {
    const asked = now();
    const age = held === undefined ? 0 : asked - held.madeAt;
    if (held !== undefined && age < held.milliseconds / 2) return held.token;
    try {
      const token = await mint();
      held = { token, madeAt: asked, milliseconds: lifeOf(token) };
    } catch (error) {
      // Who makes them may be away just now.
      if (held === undefined || age >= held.milliseconds) throw error;
    }
    return held.token;
  };
}

function lifeOf(token: string): number {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  const { iat, exp } = life.parse(JSON.parse(payload));
  return (exp - iat) * 1000;
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
