import { z } from "zod";
import { openUnconnected } from "../../api-server/src/generate.ts";
import type { Declared } from "../../api-server/src/http/access.ts";

/** As much of a JSON schema as samples are made of. */
export type Schema = {
  type?: string | string[] | undefined;
  format?: string | undefined;
  pattern?: string | undefined;
  examples?: unknown[] | undefined;
  default?: unknown;
  const?: unknown;
  enum?: unknown[] | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  additionalProperties?: unknown;
  items?: Schema | undefined;
  anyOf?: Schema[] | undefined;
  oneOf?: Schema[] | undefined;
  allOf?: Schema[] | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minimum?: number | undefined;
  minItems?: number | undefined;
};

const schema = z.custom<Schema>((value) => typeof value === "object" && value !== null);

const parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().default(false),
  schema,
});

export type Parameter = z.output<typeof parameter>;

const operation = z.object({
  operationId: z.string(),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: schema.optional() })) }).optional(),
});

const document = z.object({ paths: z.record(z.string(), z.record(z.string(), operation)) });

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** A route as the OpenAPI document describes it, with what it declares. */
export type Operation = {
  id: string;
  method: (typeof METHODS)[number];
  /** With its parameters as in `/projects/{id}`. */
  path: string;
  parameters: Parameter[];
  /** The media types of its body. */
  body: { mediaType: string; schema: Schema }[];
  declared: Declared;
};

/** Every route that the document describes. @throws Error when one of a tenant is not described: no suite would see it. */
export async function allOperations(): Promise<Operation[]> {
  const { app, close } = await openUnconnected();
  const { paths } = document.parse(app.swagger());
  const { declared } = app;
  await close();
  const unseen = declared.filter(({ access, operationId }) => access !== "public" && operationId === undefined);
  if (unseen.length > 0) {
    throw new Error(`not in the OpenAPI document: ${unseen.map(({ method, url }) => `${method} ${url}`).join(", ")}`);
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, requestBody }]) => {
      const declaration = declared.find((route) => route.operationId === operationId);
      if (declaration === undefined) throw new Error(`${operationId} is declared by no route`);
      const body = Object.entries(requestBody?.content ?? {}).map(([mediaType, content]) => ({
        mediaType,
        schema: content.schema ?? {},
      }));
      const upper = z.enum(METHODS).parse(method.toUpperCase());
      return { id: operationId, method: upper, path, parameters, body, declared: declaration };
    }),
  );
}
