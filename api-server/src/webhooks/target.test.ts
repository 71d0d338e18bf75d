import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { post } from "./send.ts";
import { isAllowed, type Resolve, requireTarget, TargetRefused } from "./target.ts";

const everywhere: Resolve = async () => [{ address: "93.184.215.14", family: 4 }];

describe("a webhook's url", () => {
  test.each([
    ["http://", "http://hooks.acme.example/"],
    ["another scheme", "file:///etc/passwd"],
    ["no scheme", "//169.254.169.254/"],
    ["loopback", "https://127.0.0.1/"],
    ["loopback by name", "https://localhost/", [{ address: "127.0.0.1", family: 4 }]],
    ["decimal", "https://2130706433/"],
    ["hex", "https://0x7f000001/"],
    ["octal", "https://0177.0.0.1/"],
    ["short", "https://127.1/"],
    ["full width", "https://１２７.０.０.１/"],
    ["a cloud's metadata", "https://169.254.169.254/latest/meta-data/"],
    ["a cloud's metadata as a number", "https://2852039166/"],
    ["IPv4 in IPv6", "https://[::ffff:127.0.0.1]/"],
    ["IPv4 in IPv6, in hex", "https://[::ffff:7f00:1]/"],
    ["IPv4 behind IPv6 (NAT64)", "https://[64:ff9b::7f00:1]/"],
    ["IPv4 behind IPv6 (6to4)", "https://[2002:7f00:1::]/"],
    ["IPv6's loopback", "https://[::1]/"],
    ["IPv6's nothing", "https://[::]/"],
    ["IPv6's link", "https://[fe80::1]/"],
    ["IPv6's inside", "https://[fd00:ec2::254]/"],
    ["multicast", "https://224.0.0.1/"],
    ["broadcast", "https://255.255.255.255/"],
    ["a carrier's inside", "https://100.64.0.1/"],
    ["private", "https://10.0.0.1/"],
    ["private", "https://172.31.255.255/"],
    ["private", "https://192.168.1.1/"],
    ["nothing", "https://0.0.0.0/"],
    ["a user", "https://hooks.acme.example@127.0.0.1/"],
    ["a user and a password", "https://user:secret@hooks.acme.example/"],
    ["a name that leads inside", "https://inside.acme.example/", [{ address: "10.1.2.3", family: 4 }]],
    [
      "a name that leads inside too",
      "https://both.acme.example/",
      [
        { address: "93.184.215.14", family: 4 },
        { address: "169.254.169.254", family: 4 },
      ],
    ],
    ["a name that leads inside by IPv6", "https://six.acme.example/", [{ address: "::ffff:10.0.0.1", family: 6 }]],
  ] as [string, string, { address: string; family: number }[]?][])(
    "is refused [%s]: %s",
    async (_attack, url, addresses) => {
      await expect(requireTarget(url, false, async () => addresses ?? (await everywhere("")))).rejects.toThrow(
        TargetRefused,
      );
    },
  );

  test("on the Internet is taken, also while nobody knows its name yet", async () => {
    const nobody: Resolve = () => Promise.reject(new Error("ENOTFOUND"));
    for (const url of ["https://hooks.acme.example/a?b=c", "https://93.184.215.14/", "https://[2606:4700::1111]/"]) {
      expect(await requireTarget(url, false, everywhere)).toBe(url);
      expect(await requireTarget(url, false, nobody)).toBe(url);
    }
  });

  test("on this machine is taken where the API is on it alone, and no other inside", async () => {
    expect(await requireTarget("http://127.0.0.1:8080/", true)).toBe("http://127.0.0.1:8080/");
    expect(await requireTarget("http://[::1]:8080/", true)).toBe("http://[::1]:8080/");
    for (const url of ["http://10.0.0.1/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"]) {
      await expect(requireTarget(url, true)).rejects.toThrow(TargetRefused);
    }
  });

  test("has its addresses judged by what they are, whatever they look like", () => {
    expect(["8.8.8.8", "2606:4700::1111"].map((address) => isAllowed(address, false))).toEqual([true, true]);
    const inside = [
      "",
      "no address",
      "127.0.0.1",
      "::ffff:8.8.8.8",
      "fe80::1%eth0",
      "2001:db8::1",
      "2001::1",
      "ff02::1",
    ];
    for (const address of inside) expect([address, isAllowed(address, false)]).toEqual([address, false]);
  });
});

describe("what is sent", () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/redirect") response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" });
    if (request.url === "/endless") {
      const more = () => response.write("x".repeat(65_536), () => response.destroyed || setImmediate(more));
      return more();
    }
    response.end("a\0b\ud83d");
  });
  let port = 0;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const sent = { body: "{}", headers: {} };

  test("goes to the address that was looked at, which is asked for once [DNS rebinding]", async () => {
    let looks = 0;
    const rebinding: Resolve = async () => [{ address: looks++ === 0 ? "127.0.0.1" : "169.254.169.254", family: 4 }];
    const outcome = await post(`http://localhost:${port}/pinned`, sent, { local: true, resolve: rebinding });
    expect([outcome.status, looks]).toEqual([200, 1]);
    // At saving it led outside; now it leads to us.
    const before = asked.length;
    const inside: Resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const url = `https://rebinding.acme.example:${port}/`;
    expect(await requireTarget(url, false, everywhere)).toBe(url);
    await expect(post(url, sent, { local: false, resolve: inside })).rejects.toThrow("not on the Internet");
    expect(asked.length).toBe(before);
  });

  test("follows no redirect [to a cloud's metadata]", async () => {
    const before = asked.length;
    const outcome = await post(`http://127.0.0.1:${port}/redirect`, sent, { local: true });
    expect([outcome.status, asked.slice(before)]).toEqual([302, ["/redirect"]]);
  });

  test("is not kept by an answer without end, and keeps what a database can [endless body]", async () => {
    const outcome = await post(`http://127.0.0.1:${port}/endless`, sent, { local: true });
    expect([outcome.status, outcome.snippet.length]).toEqual([200, 1_024]);
    expect((await post(`http://127.0.0.1:${port}/`, sent, { local: true })).snippet).toMatch(/^ab/);
  });
});
