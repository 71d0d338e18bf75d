import { afterAll, beforeAll } from "vitest";
import { type App, buildApp } from "../app.ts";
import { asking, type TestParts, testParts } from "./parts.ts";

/**
 * For the tests of a file: the application on a database of its own, from before the first of them until after the last.
 * @param use is handed both before the first
 * @returns what asks it
 */
export function withApp(use: (running: TestParts, app: App) => void): ReturnType<typeof asking> {
  let running: TestParts | undefined;
  let app: App | undefined;
  beforeAll(async () => {
    running = await testParts();
    app = await buildApp(running.parts);
    use(running, app);
  });
  afterAll(async () => {
    await app?.close();
    await running?.close();
  });
  return asking(() => {
    if (app === undefined) throw new Error("only inside a test: the application is built before the first one");
    return app;
  });
}
