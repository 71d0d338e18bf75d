import { z } from "zod";
import { text } from "../http/text.ts";
import { USER_ROLES } from "./roles.ts";

/** Longer ones are hashed as they are: nothing is cut off. The limit only bounds the work. */
const password = text(1024).min(1, { error: "must not be empty" });

export const loginBody = z.strictObject({
  email: text(254).min(3).describe("The e-mail address of the account."),
  password,
  tenant: text(63).optional().describe("The organization's subdomain, where neither header nor host says it."),
  device: text(200).optional().describe("A name for the list of sessions, such as Firefox on Linux."),
});

export const switchBody = z.strictObject({
  tenant: text(63).min(1).describe("The child's id or subdomain."),
  device: text(200).optional().describe("As where you signed in, where it is left out."),
});

export const refreshBody = z.strictObject({
  refresh_token: text(200).min(1),
  device: text(200)
    .optional()
    .describe("As at the login: of two who bring the same token at once it tells that they are one."),
});

export const tokens = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().describe("Seconds until the access token expires."),
    refresh_token: z.string().describe("For one use at /auth/refresh."),
  })
  .meta({ id: "Tokens", description: "A session's tokens." });

export const login = tokens
  .extend({
    user: z.object({ id: z.uuid(), email: z.string(), name: z.string().nullable(), role: z.enum(USER_ROLES) }),
    tenant: z.object({ id: z.uuid(), organization: z.string(), subdomain: z.string() }),
  })
  .meta({ id: "Login", description: "A session's tokens, and whose they are." });

export const session = z
  .object({
    id: z.uuid(),
    current: z.boolean().describe("The one that asks."),
    method: z.string(),
    device: z.string().nullable(),
    ip: z.string().nullable(),
    entered_tenant_id: z.uuid().nullable().describe("The child organization that it works in."),
    created_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: "Session", description: "A place where somebody is signed in." });
