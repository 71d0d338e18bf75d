import { z } from "zod";
import type { Parts } from "../parts.ts";
import type { LoggedIn } from "./login.ts";
import { USER_ROLES } from "./roles.ts";
import type { Opened } from "./sessions.ts";
import { ACCESS_TOKEN_SECONDS, signAccessToken } from "./tokens.ts";

/** What a session's opening is answered with. */
export function tokensBy({ keys, config }: Pick<Parts, "keys" | "config">) {
  const tokensOf = async ({ bearer, refreshToken }: Opened) => ({
    access_token: await signAccessToken(keys(), config.tokens, bearer),
    token_type: "Bearer" as const,
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
  });
  const loggedIn = async (opened: LoggedIn) => {
    const { user, tenant } = opened;
    return {
      ...(await tokensOf(opened)),
      user: { id: user.id, email: user.email, name: user.name, role: z.enum(USER_ROLES).parse(user.role) },
      tenant: { id: tenant.id, organization: tenant.organizationName, subdomain: tenant.subdomain },
    };
  };
  return { tokensOf, loggedIn };
}

/** How often one address may try. */
export function limited({ config }: Parts) {
  return { max: config.signInPerMinute, timeWindow: "1 minute" };
}
