import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { ApiError, NotLeading } from "./errors.ts";
import { eventually, json, refuse, serve } from "./testing/faulty-server.ts";
import { connect } from "./transport.ts";

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

const GET = { method: "GET", path: "/api/v1/configmaps" } as const;

describe("a request", () => {
  it("carries its body as it stands, unknown fields too, under the content type it names", async () => {
    const { transport, seen } = await serve((_request, response) => json(response, 200, { kind: "ConfigMap" }));
    const body = { metadata: { name: "a" }, aFieldOfTheFuture: [null, { deep: 1 }] };
    await transport.send({
      ...GET,
      method: "PATCH",
      query: { force: true, limit: 500 },
      body,
      contentType: "application/apply-patch+yaml",
    });
    expect(seen[0]).toMatchObject({ method: "PATCH", path: GET.path, body });
    expect(seen[0]?.headers["content-type"]).toBe("application/apply-patch+yaml");
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({ force: "true", limit: "500" });
  });

  it.each(["", "/", "/k8s/clusters/c-1", "/k8s/clusters/c-1/"])(
    "keeps the path %j below which the server lies",
    async (prefix) => {
      const { url, seen } = await serve((_request, response) => json(response, 200, {}));
      const transport = connect({ server: url + prefix, tls: {}, headers: async () => ({}) });
      onTestFinished(() => transport.close());
      await transport.send(GET);
      expect(seen[0]?.path).toBe(prefix.replace(/\/$/, "") + GET.path);
    },
  );

  it("that is refused says what the API server said", async () => {
    const { transport } = await serve((_request, response) =>
      json(response, 403, {
        kind: "Status",
        message: "no",
        reason: "Forbidden",
        details: { causes: [{ reason: "NamespaceTerminating" }, { field: "x" }] },
      }),
    );
    await expect(transport.send(GET)).rejects.toMatchObject({
      name: "ApiError",
      message: "no",
      status: 403,
      reason: "Forbidden",
      causes: ["NamespaceTerminating"],
      retryAfterSeconds: undefined,
    });
  });

  it.each([
    ["7", 7],
    ["0", undefined],
    ["-3", undefined],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
  ])("answered with 429 and Retry-After %s asks for %s seconds", async (header, seconds) => {
    const { transport } = await serve((_request, response) =>
      refuse(response, 429, "TooManyRequests", { "retry-after": header }),
    );
    const error = await transport.send(GET).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, retryAfterSeconds: seconds });
  });

  it.each([502, 200])("answered by a proxy's page with %d shows the page", async (status) => {
    const { transport } = await serve((_request, response) =>
      response.writeHead(status).end("<html>Please log in</html>"),
    );
    await expect(transport.send(GET)).rejects.toThrow(/GET \/api\/v1\/configmaps: .*<html>Please log in/);
  });

  it("whose connection is reset is an error, and the next one goes through", async () => {
    let resets = 1;
    const { transport } = await serve((_request, response) => {
      if (resets-- > 0) response.socket?.resetAndDestroy();
      else json(response, 200, { fine: true });
    });
    await expect(transport.send({ ...GET, method: "POST", body: {} })).rejects.toThrow();
    await expect(transport.send(GET)).resolves.toEqual({ fine: true });
  });

  it("is never kept waiting by watches, however many there are", async () => {
    const { transport, seen } = await serve((request, response) => {
      if (request.query.has("watch")) response.writeHead(200).write("{}\n");
      else json(response, 200, {});
    });
    const abort = new AbortController();
    const watches = Array.from({ length: 100 }, () =>
      collect(transport.lines({ ...GET, query: { watch: true }, signal: abort.signal })).catch(() => undefined),
    );
    await eventually(() => expect(seen).toHaveLength(100));
    await Promise.all(Array.from({ length: 50 }, () => transport.send(GET)));
    abort.abort();
    await Promise.all(watches);
  });

  it("beyond the pool waits its turn and is not lost", async () => {
    let atOnce = 0;
    let most = 0;
    const { transport, seen } = await serve((_request, response) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      setTimeout(() => {
        atOnce -= 1;
        json(response, 200, {});
      }, 30);
    });
    await Promise.all(Array.from({ length: 200 }, () => transport.send(GET)));
    expect(seen).toHaveLength(200);
    expect(most).toBe(32);
  });
});

describe("a request answered with 401", () => {
  /** A server that knows one token, and credentials that hold others. */
  async function withTokens(known: string, tokens: { first: string; renewed: string }) {
    const { url, seen } = await serve((request, response) => {
      if (request.headers.authorization === `Bearer ${known}`) json(response, 200, { fine: true });
      else refuse(response, 401, "Unauthorized");
    });
    const transport = connect({
      server: url,
      tls: {},
      headers: async (refused = false) => ({ authorization: `Bearer ${refused ? tokens.renewed : tokens.first}` }),
    });
    onTestFinished(() => transport.close());
    return { transport, seen };
  }

  it("is sent once more with renewed credentials", async () => {
    const { transport, seen } = await withTokens("new", { first: "old", renewed: "new" });
    await expect(transport.send(GET)).resolves.toEqual({ fine: true });
    expect(seen).toHaveLength(2);
  });

  it("is not repeated with the same credentials", async () => {
    const { transport, seen } = await withTokens("other", { first: "old", renewed: "old" });
    await expect(transport.send(GET)).rejects.toMatchObject({ status: 401 });
    expect(seen).toHaveLength(1);
  });

  it("is repeated once only", async () => {
    const { transport, seen } = await withTokens("other", { first: "old", renewed: "new" });
    await expect(transport.send(GET)).rejects.toMatchObject({ status: 401 });
    expect(seen).toHaveLength(2);
  });
});

describe("the lines of a watch", () => {
  it("come out whole wherever the chunks were cut, in the middle of a character too", async () => {
    const sent = ['{"name":"größe 🚀 ☃"}', '{"name":"次"}', "x".repeat(70_000)];
    const bytes = Buffer.from(`${sent.join("\n")}\n`);
    const { transport } = await serve(async (_request, response) => {
      response.writeHead(200);
      for (let at = 0; at < 60; at += 1) {
        response.write(bytes.subarray(at, at + 1));
        await sleep(1);
      }
      response.end(bytes.subarray(60));
    });
    await expect(collect(transport.lines(GET))).resolves.toEqual(sent);
  });

  it("end in an error when the server falls silent: a half-open connection", async () => {
    const { transport } = await serve((_request, response) => response.writeHead(200).write("{}\n"), {
      watchSilenceMilliseconds: 300,
    });
    await expect(collect(transport.lines(GET))).rejects.toThrow();
  });

  it("end in an error when the connection is reset in the middle of one, which is not handed out", async () => {
    const { transport } = await serve((_request, response) => {
      response
        .writeHead(200)
        .write('{"whole":1}\n{"torn":', () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
    });
    const got: string[] = [];
    const read = async () => {
      for await (const line of transport.lines(GET)) got.push(line);
    };
    await expect(read()).rejects.toThrow();
    expect(got).toEqual(['{"whole":1}']);
  });

  it("are not handed out torn when the server ends in the middle of one", async () => {
    const { transport } = await serve((_request, response) => response.end('{"whole":1}\n{"torn":'));
    await expect(collect(transport.lines(GET))).resolves.toEqual(['{"whole":1}']);
  });

  it("end in an error when one is longer than any object, before it fills the memory", async () => {
    const { transport } = await serve((_request, response) => {
      const flood = () => {
        while (!response.destroyed && response.write("x".repeat(1 << 20)));
      };
      response
        .writeHead(200)
        .on("drain", flood)
        .on("error", () => undefined);
      flood();
    });
    await expect(collect(transport.lines(GET))).rejects.toThrow("longer than any object");
  });

  it("free their connection when the reader leaves early", async () => {
    let closed = 0;
    const { transport } = await serve((_request, response) => {
      response.on("close", () => {
        closed += 1;
      });
      response.writeHead(200).write("{}\n");
    });
    for await (const line of transport.lines(GET)) {
      expect(line).toBe("{}");
      break;
    }
    await eventually(() => expect(closed).toBe(1));
  });

  it("say when the server has agreed to the watch, and not when it refused", async () => {
    let refused = true;
    const { transport } = await serve((_request, response) => {
      if (refused) refuse(response, 410, "Expired");
      else response.end("{}\n");
    });
    let opened = 0;
    const count = () => {
      opened += 1;
    };
    await expect(collect(transport.lines(GET, count))).rejects.toMatchObject({ status: 410 });
    expect(opened).toBe(0);
    refused = false;
    await collect(transport.lines(GET, count));
    expect(opened).toBe(1);
  });
});

describe("a process that may not write", () => {
  const write = (name: string) => ({ method: "POST", path: `/api/v1/${name}`, body: { metadata: { name } } }) as const;

  it.each(["POST", "PUT", "PATCH", "DELETE"] as const)("sends no %s, and reads on", async (method) => {
    const { transport, seen } = await serve((_request, response) => json(response, 200, {}), { mayWrite: () => false });
    await expect(transport.send({ method, path: "/api/v1/configmaps/a" })).rejects.toThrow(NotLeading);
    await transport.send(GET);
    expect(seen.map((request) => request.method)).toEqual(["GET"]);
  });

  it("sends nothing of what waits for a connection or for its turn", async () => {
    let may = true;
    const release: (() => void)[] = [];
    const { transport, seen } = await serve((_request, response) => void release.push(() => json(response, 200, {})), {
      mayWrite: () => may,
    });
    const results = Array.from({ length: 100 }, (_, nth) => transport.send(write(`a${nth}`)).catch((error) => error));
    await eventually(() => expect(release.length).toBeGreaterThan(10));
    await sleep(50);
    const begun = seen.length;
    may = false;
    for (const answer of release) answer();
    const refused = (await Promise.all(results)).filter((result) => result instanceof NotLeading);
    expect(begun).toBeLessThan(100);
    expect(refused).toHaveLength(100 - begun);
    expect(seen).toHaveLength(begun);
  });

  it("sends nothing that waited for its token", async () => {
    const { url, seen } = await serve((_request, response) => json(response, 200, {}));
    let may = true;
    const token = Promise.withResolvers<Record<string, string>>();
    const transport = connect({ server: url, tls: {}, headers: () => token.promise }, { mayWrite: () => may });
    onTestFinished(() => transport.close());
    const sent = transport.send(write("a"));
    may = false;
    token.resolve({});
    await expect(sent).rejects.toThrow(NotLeading);
    expect(seen).toEqual([]);
  });
});
