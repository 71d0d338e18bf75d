import { z } from "zod";
import { branding, document } from "./document.ts";

export const LOGO_URL = "/api/v1/tenants/current/settings/logo";

export const settings = document
  .extend({
    branding: branding.extend({ logo_url: z.string().nullable().describe("Changes with the logo.") }),
  })
  .meta({ id: "Settings", description: "How the organization wants to be treated." });

export type SettingsBody = z.output<typeof settings>;

/** Loose, because what is named here is all that a handler would see of the headers. */
export const ifMatch = z.looseObject({
  "if-match": z.string().optional().describe("The ETag of the settings that the change is made of; needed."),
});
