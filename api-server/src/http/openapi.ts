import swagger from "@fastify/swagger";
import type { FastifySchema, RouteOptions } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { may, USER_ROLES } from "../accounts/roles.ts";
import type { App } from "../app.ts";
import { PROBLEM_MEDIA_TYPE, problem } from "../errors/problem.ts";
import { KEY, STRANGERS_KEY } from "../idempotency/once.ts";
import { AUDIENCE } from "../platform/reviews.ts";
import type { Access } from "./access.ts";

const DESCRIPTION = `The API of a platform whose tenants are fenced from each other.

Which tenant a request is about is said by the header X-Tenant-ID (id or subdomain), else by the host's subdomain, else by
the credential. Naming a tenant opens nothing: every route that is not public needs a credential of that tenant.

Lists are bare arrays; where there is more, Link and X-Next-Cursor say how to go on. Every refusal is problem+json, with an
error_code that has a page of its own, and says what to do about it.`;

/** Of every route that is about one tenant. Loose, because what is named is all that a handler would see of the headers. */
export const tenantHeaders = z.looseObject({
  "x-tenant-id": z
    .string()
    .optional()
    .describe("The tenant's id or subdomain, where neither the host nor the credential alone says it."),
});

/** Of routes that create. */
function idempotencyHeaders(access: Access | undefined): z.ZodRawShape {
  const key = z
    .string()
    .regex(access === "public" ? STRANGERS_KEY : KEY)
    .optional()
    .describe("A UUID of your own: for a day, whoever sends the same request with it again gets the same answer.");
  return { "idempotency-key": key };
}

/** Collects what each route declares; must be registered before them. */
export async function describeRoutes(app: App, publicUrl: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "LeanVibe API",
        version: "1.0.0",
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "Of POST /auth/login." },
          platform: { type: "http", scheme: "bearer", description: "Of the platform's people; no tenant's." },
        },
      },
    },
    transform: ({ schema, route, ...rest }) =>
      jsonSchemaTransform({ ...rest, route, schema: schema?.hide === true ? schema : completed(schema, route) }),
    transformObject: (given) => readable(jsonSchemaTransformObject(given)),
  });
}

/** The document itself, for programs. */
export function openApiDocument(app: App): void {
  const schema = { hide: true, summary: "This, for programs: the OpenAPI document" };
  app.get("/openapi.json", { config: { access: "public" }, schema }, async (_request, reply) =>
    reply.type("application/json").send(app.swagger()),
  );
}

/** What follows from what a route declares, so that it need not say it itself. */
function completed(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
  const ofTenant = config?.access === "tenant";
  const ofPlatform = config?.access === "platform";
  const description = [schema.description, rightsOf(config)].filter((text) => text !== undefined).join("\n\n");
  return {
    ...schema,
    ...(description === "" ? {} : { description }),
    headers: z.object({
      ...(ofTenant ? tenantHeaders.shape : {}),
      ...(config?.idempotent === true ? idempotencyHeaders(config.access) : {}),
      ...headersOf(schema),
    }),
    ...(ofTenant ? { security: [{ bearer: [] }] } : {}),
    ...(ofPlatform ? { security: [{ platform: [] }] } : {}),
    response: answersOf(schema, config),
  };
}

/** What a route says of its own headers. */
function headersOf({ headers }: FastifySchema): z.ZodRawShape {
  return headers instanceof z.ZodObject ? headers.shape : {};
}

function rightsOf(config: RouteOptions["config"]): string | undefined {
  if (config?.verb !== undefined) {
    return `For the platform's people: a Kubernetes token for the audience ${AUDIENCE}, of who may ${config.verb} tenants.leanvibe.io in the cluster; without a cluster the token of a platform session.`;
  }
  const permission = config?.permission;
  if (permission === undefined) return undefined;
  const roles = USER_ROLES.filter((role) => may(role, permission));
  return `Needs the permission ${permission}, which ${roles.join(", ")} ${roles.length === 1 ? "has" : "have"}.`;
}

/** What is answered before a handler is reached, by status; `default` is what the handler itself refuses. */
function refusalsOf(
  { body, params, querystring }: FastifySchema,
  config: RouteOptions["config"],
): [status: string, description: string][] {
  const ofTenant = config?.access === "tenant";
  const ofPlatform = config?.access === "platform";
  const reads = [body, params, querystring].some((part) => part !== undefined);
  const refusals: [status: number, description: string, there: boolean][] = [
    [400, "The request is not valid, or names no tenant, or two.", reads || ofTenant],
    [401, "The request carries no credential that holds.", ofTenant || ofPlatform],
    [402, "An invoice is overdue.", ofTenant && config.wayOut !== true],
    [403, "The credential is another tenant's, or its role does not include this, or the tenant is held.", ofTenant],
    [403, "The cluster does not let whoever asks do this.", ofPlatform],
    [404, "The tenant is not there.", ofPlatform && params !== undefined],
    [404, "The tenant, or what the path names, is not there for whoever asks.", ofTenant],
    [413, "The body is too large.", body !== undefined],
    [415, "The body is of a media type that is not taken.", body !== undefined],
    [429, "Too many requests: Retry-After says when to come again.", config?.rateLimit !== undefined],
    [503, "Overloaded, or the database or the cluster does not answer: Retry-After says when to come again.", true],
  ];
  return [
    ...refusals.flatMap(([status, text, there]): [string, string][] => (there ? [[String(status), text]] : [])),
    ["default", "Any other refusal; error_code says which."],
  ];
}

/** A schema, or one for each media type. */
const answers = z.record(
  z.string(),
  z.custom<object>((value) => typeof value === "object" && value !== null),
);

/** What a route answers, and the refusals. */
function answersOf(schema: FastifySchema, config: RouteOptions["config"]): object {
  const own = answers.parse(schema.response ?? {});
  const refusals = refusalsOf(schema, config).map(([status, description]) => {
    const known = status === "default" ? undefined : own[status];
    const content = {
      ...(known === undefined ? {} : { "application/json": { schema: known } }),
      [PROBLEM_MEDIA_TYPE]: { schema: problem },
    };
    return [status, { description, content }];
  });
  const described = Object.entries(own).map(([status, known]) => [status, describedBy(known, schema.summary)]);
  return { ...Object.fromEntries(described), ...Object.fromEntries(refusals) };
}

/** Where what is answered has a name of its own, its description would be lost with it. */
function describedBy(known: object, summary = ""): object {
  if (!(known instanceof z.ZodType) || known instanceof z.ZodNull) return known;
  return { description: known.description ?? summary, content: { "application/json": { schema: known } } };
}

type Document = ReturnType<typeof jsonSchemaTransformObject>;

/**
 * Without what says nothing: every named schema comes once as what is taken and once as what is answered, and one of them
 * is referred to by nothing; a format comes with a pattern of two hundred characters, an integer with the bounds of safety.
 */
function readable(document: Document): Document {
  if (!("components" in document)) return document;
  const all = Object.entries(document.components?.schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const used = new Set(refsIn(document.paths));
  // A Set hands out what is added while it is being walked.
  for (const name of used) for (const ref of refsIn(all.find(([id]) => id === name))) used.add(ref);
  const schemas = Object.fromEntries(all.filter(([name]) => used.has(name)));
  const kept = Object.assign(document, { components: { ...document.components, schemas } });
  return JSON.parse(JSON.stringify(kept, (_key, value) => (isObject(value) ? withHeaders(plain(value)) : value)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const FORMATS = new Set<unknown>(["uuid", "date-time", "date", "uri"]);

function plain({ format, pattern, minimum, maximum, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...rest,
    ...(format === undefined ? {} : { format }),
    ...(typeof pattern !== "string" || FORMATS.has(format) ? {} : { pattern: portable(pattern) }),
    ...(isPlainText({ format, pattern, ...rest }) ? { pattern: "^[^\\x00]*$" } : {}),
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  };
}

const header = (description: string) => ({ description, schema: { type: "string" } });

const NEXT_PAGE = {
  Link: header("Where there is more: the address of the next page, rel=next."),
  "X-Next-Cursor": header("Where there is more: what the next page's cursor is."),
};

const LATER = { "Retry-After": header("After how many seconds to come again.") };

/** An operation with what its answers say in headers, which a route cannot say of itself. */
function withHeaders(operation: Record<string, unknown>): Record<string, unknown> {
  const { responses, parameters } = operation;
  if (!isObject(responses)) return operation;
  const paged = Array.isArray(parameters) && parameters.some((each) => isObject(each) && each["name"] === "cursor");
  const told = Object.entries(responses).map(([status, response]) => {
    if (!isObject(response)) return [status, response];
    if (paged && status === "200") return [status, { ...response, headers: NEXT_PAGE }];
    return [status, status === "429" || status === "503" ? { ...response, headers: LATER } : response];
  });
  return { ...operation, responses: Object.fromEntries(told) };
}

/** What http/text.ts makes, which takes no NUL. */
function isPlainText({ type, format, pattern, maxLength }: Record<string, unknown>): boolean {
  return [type].flat().includes("string") && maxLength !== undefined && format === undefined && pattern === undefined;
}

/** Not every reader of a document knows Unicode's properties. */
function portable(pattern: string): string {
  return pattern
    .replaceAll("\\P{Cc}", "[^\\x00-\\x1f\\x7f-\\x9f]")
    .replaceAll("\\p{Cc}", "\\x00-\\x1f\\x7f-\\x9f")
    .replaceAll("\\0", "\\x00");
}

function refsIn(value: unknown): string[] {
  const text = JSON.stringify(value) ?? "";
  return [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = ""]) => name);
}
