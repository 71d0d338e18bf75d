import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { type ErrorCode, type FieldFault, Refusal } from "./catalogue.ts";

/** What Fastify says before a handler is reached, in our words. */
const BY_FRAMEWORK: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: "MALFORMED_BODY", detail: "The body is not valid JSON." },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: "MALFORMED_BODY", detail: "The body is empty, and this route needs one." },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: "MALFORMED_BODY", detail: "Content-Length is not the body's length." },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: "BODY_TOO_LARGE", detail: "The body is larger than this route takes." },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: "UNSUPPORTED_MEDIA_TYPE", detail: "This route takes application/json." },
};

/** What Fastify says of a path that it cannot look for. */
const OF_PATHS: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: "is not a valid URL",
  FST_ERR_MAX_PARAM_LENGTH: "has a part that is too long",
};

/** What zod says of fields that an object must not have. */
const unknownKeys = z.object({ keys: z.array(z.string()) });

const coded = z.object({ code: z.string() });

/** Whatever was thrown, as what the caller is told. Of a fault of ours nothing is told but that it is one. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext ?? "request";
    return invalid(
      error.validation.flatMap(({ instancePath, message = "", params }) => {
        const path = pathOf(where, instancePath);
        const { data: unknown } = unknownKeys.safeParse(params);
        if (unknown === undefined) return [{ path, message }];
        return unknown.keys.map((key) => ({ path: `${path}.${key}`, message: "is not a field that is known here" }));
      }),
    );
  }
  const code = coded.safeParse(error).data?.code ?? "";
  const ofPath = OF_PATHS[code];
  if (ofPath !== undefined) return invalid([{ path: "path", message: ofPath }]);
  const known = BY_FRAMEWORK[code];
  if (known !== undefined) return new Refusal(known.code, { detail: known.detail, cause: error });
  return new Refusal("INTERNAL_ERROR", { cause: error });
}

/** A request whose faults are known by their places. */
export function invalid(errors: FieldFault[]): Refusal {
  return new Refusal("VALIDATION_FAILED", {
    detail: errors.map(({ path, message }) => `${path}: ${message}`).join("; "),
    errors,
  });
}

/** `/tags/0/name` of the body as `body.tags[0].name`. */
function pathOf(where: string, pointer: string): string {
  const steps = pointer.split("/").filter((step) => step !== "");
  return steps.reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : `${path}.${step}`), where);
}
