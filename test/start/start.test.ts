import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { freePortFrom } from "../../cli/cluster/ports.ts";
import { startEmbedded } from "../../cli/database/embedded.ts";
import { scratchFolder } from "../harness/scratch.ts";
import { Home } from "../harness/started.ts";

const homes: Home[] = [];

function home(more: NodeJS.ProcessEnv = {}): Home {
  const made = new Home(more);
  homes.push(made);
  return made;
}

// Whatever a test left running.
afterEach(async () => {
  for (const each of homes.splice(0)) await each.leave();
}, 120_000);

// Several processes start and stop in each.
const API = { timeout: 240_000 };

/** What `up` tells of the API as soon as it answers. */
function ofApi({ api, commands }: Record<string, unknown>): { url: string; commands: string[] } {
  return { url: String(api), commands: (commands as string[]).map(String) };
}

function pidOf(of: Home): number {
  const file = join(of.folder, ".local/share/leanvibe/api/dev/process.json");
  return JSON.parse(readFileSync(file, "utf8")).pid;
}

/** A port of an API that is up is not there any more, and nothing answers. */
async function untilGone(url: string): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(50)) {
    const gone = await fetch(`${url}/health`).then(
      () => false,
      () => true,
    );
    if (gone) return;
  }
  throw new Error(`${url} still answers`);
}

describe("npm start", () => {
  test("offers an API with a tenant to curl while the cluster is still being made", API, async () => {
    const socket = join(scratchFolder("docker"), "slow.sock");
    // A Docker that has K3s and takes its time over everything else.
    const docker = createServer(({ url = "" }, response) => {
      if (url === "/_ping" || url.startsWith("/images/rancher/k3s")) response.writeHead(200).end();
      else if (url.startsWith("/images/")) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => docker.listen(socket, resolve));
    const at = home({ DOCKER_HOST: `unix://${socket}` });
    const up = at.up();
    const { url, commands } = ofApi(await up.event("ready"));
    // The very lines that it prints.
    expect(JSON.parse(await at.shell(withQuietCurl(commands)))).toMatchObject([{ name: "Welcome", status: "active" }]);
    expect(up.events.map(({ event }) => event)).not.toContain("result");
    expect(await up.stop()).toBe(130);
    await untilGone(url);
    docker.closeAllConnections();
    docker.close();
  });

  test("offers the API where no cluster can be had, and says so", API, async () => {
    const at = home();
    const up = at.up();
    const result = await up.event("result");
    expect(result).toMatchObject({ complete: false, alreadyUp: false });
    expect(JSON.stringify(up.events)).toContain("no cluster: No cluster can be had here");
    expect((await fetch(`${result["api"]}/health/ready`)).status).toBe(200);
    await up.stop();
  });

  test("keeps the data over a stop, finds what runs, and loses all by a reset", API, async () => {
    const at = home();
    expect((await at.leanvibe("up", "--detach")).code).toBe(1); // There is no cluster.
    const token = async () => (await at.leanvibe("token")).stdout.trim();
    const names = async () => {
      const { url } = ofApi(
        JSON.parse(
          (await at.leanvibe("up", "--detach", "--json")).stdout.split("\n").find((line) => line.includes('"ready"')) ??
            "",
        ),
      );
      const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
      const create = () =>
        fetch(`${url}/api/v1/projects`, { method: "POST", headers, body: JSON.stringify({ name: "Kept" }) });
      const list = (await (await fetch(`${url}/api/v1/projects`, { headers })).json()) as { name: string }[];
      return { create, list: list.map(({ name }) => name) };
    };
    const pid = pidOf(at);
    expect((await (await names()).create()).status).toBe(201);
    expect(pidOf(at)).toBe(pid);
    expect((await at.leanvibe("down")).stdout).toBe(
      "Stopped API of dev, database of dev; the data is kept; npm start goes on where it was.\n",
    );
    expect((await names()).list).toEqual(["Welcome", "Kept"]);
    await at.leanvibe("reset");
    expect((await names()).list).toEqual(["Welcome"]);
  });

  test("takes the next port where the usual one is somebody else's, and says so", API, async () => {
    const first = await freePortFrom(18_000);
    const other = createServer((_request, response) => response.end("somebody else"));
    await new Promise<void>((resolve) => other.listen(first, "127.0.0.1", resolve));
    const up = home({ PORT: String(first) }).up();
    const { url } = ofApi(await up.event("ready"));
    expect(Number(new URL(url).port)).toBeGreaterThan(first);
    expect(JSON.stringify(up.events)).toContain(`port ${first} is taken`);
    await up.stop();
    other.close();
  });

  test("ends with the log's name when the API is killed", API, async () => {
    const at = home();
    const up = at.up();
    await up.event("result");
    process.kill(pidOf(at), "SIGKILL");
    expect(await up.ended).toBe(1);
  });

  test("leaves nothing running when it is killed itself", API, async () => {
    const up = home().up();
    const { url } = ofApi(await up.event("ready"));
    up.child.kill("SIGKILL");
    await untilGone(url);
  });
});

describe("DATABASE_URL", () => {
  test("is the database of npm start, whose other users it leaves alone, and a reset does too", {
    timeout: 240_000,
  }, async () => {
    const folder = scratchFolder("database");
    const { url: DATABASE_URL, stop } = await startEmbedded({ folder, lifetime: "parent", durable: false });
    try {
      const at = home({ DATABASE_URL });
      const works = async () => {
        await at.leanvibe("up", "--detach");
        const { stdout } = await at.leanvibe("token");
        return stdout.startsWith("ey");
      };
      expect(await works()).toBe(true);
      expect((await at.leanvibe("down")).stdout).toBe(
        "Stopped API of dev; the data is kept; npm start goes on where it was.\n",
      );
      // What is sealed in somebody's database can be opened after a reset too, which does not delete it.
      expect((await at.leanvibe("reset")).stdout).toContain("Databases that DATABASE_URL named are yours");
      expect(await works()).toBe(true);
      // Whoever else comes to that database must not set passwords, which would lock out the server that runs.
      const { stderr } = await home({ DATABASE_URL }).leanvibe("up", "--detach");
      expect(stderr).toContain("no API: the roles lv_app, lv_worker, lv_lookup are in that database already");
      expect(stderr).not.toContain(new URL(DATABASE_URL).password);
      expect((await at.leanvibe("token")).stdout).toMatch(/^ey/);
    } finally {
      for (const each of homes) await each.leave();
      await stop();
    }
  });

  test("of a database that is not there is said, and no other one is taken", API, async () => {
    const { stderr, code } = await home({ DATABASE_URL: "postgresql://postgres:x@127.0.0.1:9/none" }).leanvibe(
      "up",
      "--detach",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/no API: .*ECONNREFUSED/s);
    expect(stderr).not.toContain("from npm");
  });
});

describe("leanvibe token", () => {
  test("prints nothing on standard output where no API runs, and what to do", async () => {
    expect(await home().leanvibe("token")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("npm start"),
    });
  });
});

function withQuietCurl(commands: readonly string[]): string {
  return commands.map((line) => line.replace(/^curl /, "curl -s ")).join("\n");
}
