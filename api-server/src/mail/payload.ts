import { z } from "zod";

/** What each mail needs to know. Links in which a secret stands are sealed: what waits to be sent is kept in the database. */
export const MAILS = {
  /** days: for how long the link holds; of one day, what nobody claims is deleted then. */
  welcome: z.object({ organization: z.string(), days: z.number().default(1) }),
  invitation: z.object({ organization: z.string(), inviter: z.string(), role: z.string() }),
  held: z.object({ organization: z.string(), reason: z.string() }),
  deletion: z.object({
    organization: z.string(),
    deletes_on: z.iso.date(),
    /** Whoever deletes the cluster's object is no owner, and no owner calls that back. */
    asked_by: z.enum(["owner", "kubectl"]).default("owner"),
  }),
  deletion_cancelled: z.object({ organization: z.string() }),
  webhook_disabled: z.object({ organization: z.string(), host: z.string() }),
  follow_up: z.object({ organization: z.string(), day: z.union([z.literal(1), z.literal(3), z.literal(7)]) }),
} as const;

export type MailName = keyof typeof MAILS;

const to = z.string().max(254);

/** A link with a secret in it, sealed by the entry's id. */
const sealedLink = z.base64();

export const mailPayload = z.discriminatedUnion("mail", [
  z.object({ mail: z.literal("welcome"), to, values: MAILS.welcome, sealed_link: sealedLink }),
  z.object({ mail: z.literal("invitation"), to, values: MAILS.invitation, sealed_link: sealedLink }),
  z.object({ mail: z.literal("held"), to, values: MAILS.held }),
  z.object({ mail: z.literal("deletion"), to, values: MAILS.deletion }),
  z.object({ mail: z.literal("deletion_cancelled"), to, values: MAILS.deletion_cancelled }),
  z.object({ mail: z.literal("webhook_disabled"), to, values: MAILS.webhook_disabled }),
  z.object({ mail: z.literal("follow_up"), to, values: MAILS.follow_up }),
]);

export type MailPayload = z.output<typeof mailPayload>;
