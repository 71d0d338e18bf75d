import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { latenciesOf } from "./latencies.ts";
import type { Asking, Load } from "./load.ts";

/**
 * Asks at a steady rate, whatever is answered when: requests come at random moments, as many people's do, and their time
 * counts from the moment at which they were due, as pgbench's --rate has it. By sockets alone, for what asks has the same
 * two cores as what answers. @param rate requests a second, of all connections together; one that finds none free waits
 */
export async function paced({ url, requests, connections, seconds, rate }: Asking & { rate: number }): Promise<Load> {
  const packets = requests.map((request) => packetOf(url, request));
  const milliseconds: number[] = [];
  let failures = 0;
  const waiting: { packet: Buffer; due: number }[] = [];
  const free: Line[] = [];
  const next = (line: Line) => {
    const first = waiting.shift();
    if (first === undefined) free.push(line);
    else line.ask(first.packet, first.due);
  };
  const lines = await Promise.all(
    Array.from({ length: connections }, async () => {
      const line: Line = new Line(await connected(url), (isGood, due) => {
        milliseconds.push(performance.now() - due);
        if (!isGood) failures += 1;
        next(line);
      });
      return line;
    }),
  );
  free.push(...lines);
  const begun = performance.now();
  let asked = 0;
  for (let due = begun; due < begun + seconds * 1000; due += (-Math.log(1 - Math.random()) * 1000) / rate) {
    while (performance.now() < due) await sleep(1);
    waiting.push({ packet: packets[asked % packets.length] ?? Buffer.of(), due });
    asked += 1;
    const line = free.pop();
    if (line !== undefined) next(line);
  }
  for (const end = performance.now() + 10_000; milliseconds.length < asked && performance.now() < end; )
    await sleep(10);
  for (const line of lines) line.close();
  const answered = milliseconds.length - failures;
  return { perSecond: answered / seconds, ...latenciesOf(milliseconds), failures: asked - answered };
}

async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  return socket;
}

function packetOf(url: string, { method, path, headers, body = "" }: Asking["requests"][number]): Buffer {
  const all = { host: new URL(url).host, "content-length": Buffer.byteLength(body), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, "", body].join("\r\n"));
}

/** One request after the other; of an answer its status and its length are read. */
class Line {
  readonly #socket: Socket;
  readonly #done: (isGood: boolean, due: number) => void;
  #due = 0;
  #text = "";

  constructor(socket: Socket, done: (isGood: boolean, due: number) => void) {
    this.#socket = socket;
    this.#done = done;
    // Bytes as letters: lengths are in bytes.
    socket.setEncoding("latin1").on("data", (text: string) => this.#read(text));
    // What it was asked is never answered, and so counts as a failure.
    socket.on("error", () => undefined);
  }

  ask(packet: Buffer, due: number): void {
    this.#due = due;
    this.#socket.write(packet);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    const head = this.#text.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1]);
    if (this.#text.length < head + 4 + length) return;
    const isGood = this.#text.startsWith("HTTP/1.1 2");
    this.#text = "";
    this.#done(isGood, this.#due);
  }
}
