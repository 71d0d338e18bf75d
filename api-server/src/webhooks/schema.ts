import { z } from "zod";
import { text } from "../http/text.ts";
import { WEBHOOK_EVENTS } from "./events.ts";

const url = text(2000)
  .describe("https:// alone, and on the Internet; http:// to this machine where the API is on it alone.")
  .meta({ examples: ["https://hooks.acme.example/leanvibe"] });

const events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1, { error: "must name at least one event" })
  .max(WEBHOOK_EVENTS.length)
  .describe("Of which events it hears; project.* is each that begins so.");

const description = text(200).nullable();

export const webhookCreation = z.strictObject({
  url,
  events,
  description: description.optional(),
  enabled: z.boolean().default(true),
});

export const webhookChange = z
  .strictObject({ url, events, description, enabled: z.boolean() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: "must change url, events, description or enabled" });

export const webhook = z
  .object({
    id: z.uuid(),
    url: z.string(),
    events: z.array(z.string()),
    description: z.string().nullable(),
    enabled: z.boolean(),
    failing_since: z.iso
      .datetime()
      .nullable()
      .describe("Since when nothing was taken; after three days it is switched off."),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Webhook", description: "Where an organization hears of what is done." });

export const webhookWithSecret = webhook
  .extend({ secret: z.string().describe("By what signatures are checked. It is shown here and never again.") })
  .meta({ id: "WebhookWithSecret", description: "A webhook with its secret." });

export const delivery = z
  .object({
    id: z.uuid(),
    event_id: z.uuid().describe("The same however often it is sent."),
    event: z.string(),
    status: z.enum(["pending", "delivered", "failed"]),
    tries: z.int(),
    response_status: z.int().nullable(),
    response_snippet: z.string().nullable().describe("How the answer's body begins."),
    error: z.string().nullable().describe("Why there was no answer."),
    milliseconds: z.int().nullable(),
    created_at: z.iso.datetime(),
    tried_at: z.iso.datetime().nullable(),
    next_try_at: z.iso.datetime().nullable().describe("About when."),
    body: z.string().describe("As it is sent."),
  })
  .meta({ id: "WebhookDelivery", description: "An event on its way to a webhook." });
