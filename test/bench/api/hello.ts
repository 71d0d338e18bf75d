/** The peer of `projects`: Fastify with the same schema, and an answer that is there already. */
import fastify from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { pageQuery } from "../../../api-server/src/http/pages.ts";
import { project } from "../../../api-server/src/projects/schema.ts";

const count = Number(process.env["PROJECTS"]);
const now = new Date().toISOString();
const answer = Array.from({ length: count }, (_, index) => ({
  id: "0190c7a1-7c3e-7000-8000-000000000000",
  tenant_id: "0190c7a1-7c3e-7000-8000-000000000001",
  name: `Project ${index}`,
  description: "One of the projects of the benchmark.",
  status: "active" as const,
  created_at: now,
  updated_at: now,
}));

const app = fastify().withTypeProvider<ZodTypeProvider>();
app.setValidatorCompiler(validatorCompiler);
app.setSerializerCompiler(serializerCompiler);
app.get("/health", async () => "ok");
app.get(
  "/api/v1/projects",
  { schema: { querystring: pageQuery, response: { 200: z.array(project) } } },
  async () => answer,
);
await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"]) });
process.on("SIGTERM", () => process.exit(0));
