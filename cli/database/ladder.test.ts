import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DatabaseOptions } from "./database.ts";
import { databaseFolder } from "./folder.ts";
import { planDatabase, startDatabase } from "./ladder.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "leanvibe-ladder-"));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const options = (env: NodeJS.ProcessEnv = {}): DatabaseOptions => ({
  name: "dev",
  lifetime: "parent",
  env: { XDG_DATA_HOME: home, DOCKER_HOST: `unix://${home}/none.sock`, ...env },
  progress: () => undefined,
});

/** A Docker daemon that has these images, on a socket. */
async function daemon(images: readonly string[]) {
  const socket = join(home, `docker-${images.length}.sock`);
  const server = createServer(({ url = "" }, response) => {
    const here = url === "/_ping" || images.some((image) => url === `/images/${image}/json`);
    response.writeHead(here ? 200 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { env: { DOCKER_HOST: `unix://${socket}` }, close: () => server.close() };
}

describe("the order of the ladder", () => {
  test("is: DATABASE_URL, Docker, one from npm; what was passed over says why", async () => {
    const { rung, passedOver, howToChooseOtherwise } = await planDatabase(options());
    expect(rung).toBe("embedded");
    expect(passedOver).toEqual([
      { rung: "DATABASE_URL", why: "it is not set." },
      { rung: "docker", why: "Docker is installed, but its daemon does not answer." },
    ]);
    expect(howToChooseOtherwise).toContain("DATABASE_URL=postgresql://");
  });

  test("takes Docker where its image is there, and waits for no download where it is not", async () => {
    const having = await daemon(["postgres:18-alpine"]);
    expect((await planDatabase(options(having.env))).rung).toBe("docker");
    having.close();
    const lacking = await daemon([]);
    const { rung, passedOver } = await planDatabase(options(lacking.env));
    lacking.close();
    expect(rung).toBe("embedded");
    expect(passedOver.at(-1)).toEqual({
      rung: "docker",
      why: "the image is not here; docker pull postgres:18-alpine would bring it.",
    });
  });

  test("stays where the data is, whatever else can be had since", async () => {
    const { env, close } = await daemon(["postgres:18-alpine"]);
    mkdirSync(join(databaseFolder("dev", { XDG_DATA_HOME: home }), "data"), { recursive: true });
    expect((await planDatabase(options(env))).rung).toBe("embedded");
    writeFileSync(join(databaseFolder("dev", { XDG_DATA_HOME: home }), "docker.json"), "{}");
    expect((await planDatabase(options(env))).rung).toBe("docker");
    close();
    rmSync(databaseFolder("dev", { XDG_DATA_HOME: home }), { recursive: true, force: true });
  });
});

describe("DATABASE_URL", () => {
  const url = "postgresql://postgres:hunter2@db.example:5433/leanvibe";

  test("is taken before all others, and its password is not said", async () => {
    const { rung, why } = await planDatabase(options({ DATABASE_URL: url }));
    expect([rung, why]).toEqual(["url", "db.example:5433/leanvibe, which DATABASE_URL names"]);
    expect((await startDatabase(options({ DATABASE_URL: url }))).ownerUrl).toBe(url);
  });

  test.each([
    ["mysql://localhost/x", "is no URL of PostgreSQL"],
    ["leanvibe", "is no URL of PostgreSQL"],
    ["postgresql://lv_app:secret@localhost/x", "the one of role lv_app"],
  ])("that does not fit is refused with the fix, and no other database is taken: %s", async (wrong, said) => {
    await expect(startDatabase(options({ DATABASE_URL: wrong }))).rejects.toThrow(said);
    await expect(startDatabase(options({ DATABASE_URL: wrong }))).rejects.not.toThrow("secret");
  });
});
