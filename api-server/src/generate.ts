import { GATEWAY_AUDIENCE } from "@leanvibe/schema";
import { pino } from "pino";
import { type App, buildApp } from "./app.ts";
import { configFrom } from "./config.ts";
import { connectDatabase } from "./db/database.ts";
import { GATEWAY_ROUTES, TASK_HEADER } from "./gateway/routes.ts";
import type { Declared } from "./http/access.ts";
import { partsOn } from "./parts.ts";
import { AUDIENCE } from "./platform/reviews.ts";

/** Settings under which the application is built, and never asked. */
const NOWHERE = {
  DATABASE_URL: "postgresql://lv_app@localhost/nowhere",
  DATABASE_WORKER_URL: "postgresql://lv_worker@localhost/nowhere",
  DATABASE_LOOKUP_URL: "postgresql://lv_lookup@localhost/nowhere",
  SECRET_KEY: Buffer.alloc(32).toString("base64"),
};

/** The application as it is built, without a database: whoever asks it for rows is told that there is none. */
export async function openUnconnected(): Promise<{ app: App; close(): Promise<void> }> {
  const config = configFrom(NOWHERE);
  const log = pino({ level: "silent" });
  const keys = () => {
    throw new Error("an application that is only described has no keys");
  };
  const database = connectDatabase(config.database);
  const app = await buildApp(await partsOn({ config, log, database, cluster: undefined, keys }));
  await app.ready();
  const close = async () => {
    await app.close();
    await database.close();
  };
  return { app, close };
}

/** What this package generates: path from the repository's root to text. Needs no database. */
export async function generate(): Promise<Map<string, string>> {
  const { app, close } = await openUnconnected();
  const files = new Map([
    ["api-server/openapi.json", `${JSON.stringify(app.swagger(), undefined, 2)}\n`],
    ["docs/API.md", routeList(app.declared)],
  ]);
  await close();
  return files;
}

const HEAD = `# The API's routes

Generated from what each route declares by \`npm run generate\`. \`GET /docs\` of a running server tells of each in full,
\`GET /openapi.json\` is the same for programs ([as of this version](../api-server/openapi.json)).
`;

function routeList(declared: readonly Declared[]): string {
  const section = (title: string, text: string, access: Declared["access"]) => {
    const rows = declared.filter((route) => route.access === access);
    return [`## ${title}`, "", text, "", ...table(rows, access), ""];
  };
  return [
    HEAD,
    ...section("Public", "Anybody may call these; they say nothing of any tenant.", "public"),
    ...section(
      "By a credential of their own",
      "What the request carries says the tenant by itself: an invitation's link, a refresh token.",
      "tenantFromCredential",
    ),
    ...section(
      "Of a tenant",
      "For these a credential of the tenant is needed, else 401. A way out works for a tenant that owes money too, and for an\nowner who has it deleted.",
      "tenant",
    ),
    ...section(
      "Of the platform",
      `For the platform's people: a Kubernetes token for the audience ${AUDIENCE}, of who may do the same to
tenants.leanvibe.io in the cluster. Without a cluster: the token of a platform session. No tenant's credential opens these.`,
      "platform",
    ),
    ...ofAgents(),
  ].join("\n");
}

/** On another port, by another application. */
function ofAgents(): string[] {
  const rows = Object.values(GATEWAY_ROUTES).map(({ method, url, summary }) => `| \`${method} ${url}\` | ${summary} |`);
  return [
    "## Of agents",
    "",
    `On a port and a Service of their own (\`GATEWAY_ADDRESS\`), as clients of OpenAI speak: with the token of an agent's pod,
for the audience ${GATEWAY_AUDIENCE}, and the header ${TASK_HEADER}: NAMESPACE/NAME, of the task that it works at.`,
    "",
    "| Route | What it does |",
    "| --- | --- |",
    ...rows,
    "",
  ];
}

function table(rows: readonly Declared[], access: Declared["access"]): string[] {
  const ofTenant = access === "tenant";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const ofPlatform = access === "platform";
  const head = [
    "Route",
    "What it does",
    ...(ofTenant ? ["Permission", "Way out"] : []),
    ...(ofPlatform ? ["Verb"] : []),
  ];
  return [
    line(head),
    line(head.map(() => "---")),
    ...rows.map(({ method, url, summary, permission, verb, wayOut }) => {
      const rights = ofTenant
        ? [permission ?? "anybody's own", wayOut ? "yes" : ""]
        : [verb ?? ""].filter(() => ofPlatform);
      return line([`\`${method} ${url.replaceAll(/:(\w+)/g, "{$1}")}\``, summary, ...rights]);
    }),
  ];
}
