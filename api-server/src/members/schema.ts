import { email } from "@leanvibe/schema";
import { z } from "zod";
import { USER_ROLES } from "../accounts/roles.ts";
import { line, text } from "../http/text.ts";

const role = z.enum(USER_ROLES);

export const member = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string().nullable(),
    role,
    is_active: z.boolean().describe("Whether this person can sign in; only such count for the plan."),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Member", description: "A person of the organization." });

export const memberChange = z
  .strictObject({ role, is_active: z.boolean() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: "must change role or is_active" })
  .meta({ minProperties: 1 });

/** As the cluster's Tenant takes it too: one that only the API took would never come there. */
export const address = email().meta({ examples: ["jane@acme.example"] });

export const invitationCreation = z.strictObject({ email: address, role: role.default("member") });

export const invitation = z
  .object({
    id: z.uuid(),
    email: z.string().nullable(),
    role,
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: "Invitation", description: "An invitation that waits to be accepted." });

export const madeInvitation = invitation
  .extend({
    token: z
      .string()
      .optional()
      .describe("For POST /auth/register, where no mail is sent that brings it. It is shown here and never again."),
  })
  .meta({ id: "MadeInvitation", description: "An invitation, with what opens it where no mail brings it." });

/** No rule about characters: they make passwords worse. Length is what counts. */
const newPassword = text(1024).min(12, { error: "must be at least 12 characters; a few words make a good one" });

export const registration = z.strictObject({
  token: text(200).min(1).describe("Of the invitation."),
  password: newPassword,
  name: line(200).optional(),
  email: address.optional().describe("Where the invitation names none: of an organization that was made without one."),
  device: text(200).optional(),
});
