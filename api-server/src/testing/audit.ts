import type { App } from "../app.ts";
import { verifyAudit } from "../audit/verify.ts";
import type { Parts } from "../parts.ts";
import { withApp } from "./app.ts";
import { inDatabase } from "./database.ts";
import { type Headers, signedIn, type TestParts, type TestTenant, testTenant, testUser } from "./parts.ts";

/** Somebody who owns an organization of their own, and has just logged in. */
export type Person = { tenant: TestTenant; id: string; email: string; headers: Headers };

/** For the tests of a file about what was done: the application, people of whom it tells, and who may look behind it. */
export function withAudit() {
  let running: TestParts | undefined;
  let app: App | undefined;
  const ask = withApp((made, built) => {
    running = made;
    app = built;
  });
  const there = () => {
    if (running === undefined || app === undefined)
      throw new Error("only inside a test: nothing runs before the first one");
    return { running, app };
  };
  const parts = (): Parts => there().running.parts;
  return {
    ask,
    get app() {
      return there().app;
    },
    get parts() {
      return parts();
    },
    asSuperuser: (text: string, values: unknown[] = []) =>
      inDatabase(there().running.admin, (client) => client.query(text, values)),
    owner: async (): Promise<Person> => {
      const tenant = await testTenant(parts(), "professional");
      const user = await testUser(parts(), tenant);
      return { tenant, ...user, headers: (await signedIn(there().app, tenant, user)).headers };
    },
    trail: async ({ headers }: Person, query = "") => (await ask("GET", `/api/v1/audit${query}`, headers)).body,
    verify: async (tenantId: string, known?: { seq: number; hash: string }) => {
      const client = await parts().database.worker.connect();
      try {
        return await verifyAudit(client, tenantId, known);
      } finally {
        client.release();
      }
    },
  };
}
