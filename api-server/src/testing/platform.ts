import type { App } from "../app.ts";
import type { Parts } from "../parts.ts";
import { platformSession } from "../platform/schema.ts";
import { makeBootstrapToken } from "../platform/sessions.ts";
import type { Headers } from "./parts.ts";

/** The headers of one of the platform's people, where there is no cluster. */
export async function platformHeaders(app: App, { database }: Parts): Promise<Headers> {
  const body = { bootstrap_token: await makeBootstrapToken(database.worker) };
  const answer = await app.inject({ method: "POST", url: "/api/v1/platform/session", body });
  return { authorization: `Bearer ${platformSession.parse(answer.json()).access_token}` };
}
