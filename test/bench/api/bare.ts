/**
 * What Node could at most, beside `projects`: our way to the database with nothing around it (GET /driver), and with Fastify
 * and nothing else: no credentials, no checks, no headers, no metrics.
 */
import fastify from "fastify";
import { connectDatabase } from "../../../api-server/src/db/database.ts";
import { listProjects } from "../../../api-server/src/projects/list.ts";
import { tenantId } from "./tenants.ts";

const TENANTS = Number(process.env["TENANTS"]);
/** As many as the connections that ask the API. */
const AT_ONCE = 32;
const PAGE = { limit: 50 };
const url = process.env["DATABASE_URL"] ?? "";
const database = connectDatabase({ url, workerUrl: url, lookupUrl: url });

let next = 0;
const page = () => listProjects(database, tenantId(1 + (next++ % TENANTS)), PAGE);

const app = fastify();
app.get("/health", async () => "ok");
app.get("/api/v1/projects", async () => page());
app.get<{ Querystring: { seconds: string } }>("/driver", async ({ query }) => {
  const seconds = Number(query.seconds);
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const reader = async () => {
    for (; performance.now() < end; done += 1) await page();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return { perSecond: done / seconds };
});
await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"]) });
process.on("SIGTERM", () => process.exit(0));
