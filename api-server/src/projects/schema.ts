import { z } from "zod";
import { line, text } from "../http/text.ts";

const name = line(200)
  .describe("Unique in the organization.")
  .meta({ examples: ["Acme Project"] });

const description = text(2000)
  .nullable()
  .meta({ examples: ["Secret Acme project"] });

export const projectCreation = z.strictObject({ name, description: description.optional() });

export const projectChange = z
  .strictObject({ name, description, status: z.enum(["active", "archived"]) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: "must change name, description or status" })
  .meta({ minProperties: 1 });

export const project = z
  .object({
    id: z.uuid(),
    tenant_id: z.uuid(),
    name: z.string(),
    description: z.string().nullable(),
    status: z.enum(["active", "archived"]),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: "Project", description: "A project." });

export type ProjectBody = z.output<typeof project>;
