/**
 * The API by functions whose arguments and answers have types, generated from its OpenAPI document.
 *
 * @example
 * const client = createClient({ baseUrl: "http://localhost:8000", auth: token });
 * const { data, error } = await createProject({ client, body: { name: "Acme Project" } });
 * if (error) throw new Error(`${error.detail} ${error.fix}`);
 */
export { createClient } from "./generated/client/index.ts";
export * from "./generated/sdk.gen.ts";
export type * from "./generated/types.gen.ts";
