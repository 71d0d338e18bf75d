import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export type StatementRelay = {
  /** The URL, by way of the relay. */
  url(of: string): string;
  close(): Promise<void>;
};

/**
 * Stands between a client and PostgreSQL, and shows each statement before it goes on. Of a statement that was prepared
 * before, only its name travels: its text is remembered.
 * @param on true keeps it, and all that follows, from ever arriving.
 */
export async function statementRelay(
  target: { host: string; port: number },
  on: (statement: string) => boolean,
): Promise<StatementRelay> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const onward = createConnection(target);
    for (const socket of [client, onward]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    const reader = new MessageReader(on);
    client
      .on("data", (bytes: Buffer) => {
        if (reader.take(bytes)) onward.write(bytes);
        else for (const socket of [client, onward]) socket.destroy();
      })
      .on("close", () => onward.destroy());
    onward.on("data", (bytes) => client.write(bytes)).on("close", () => client.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (of) => Object.assign(new URL(of), { hostname: "127.0.0.1", port: String(port) }).href,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads what a client says in PostgreSQL's protocol, version 3: after the start, a letter, a length, and a body. */
class MessageReader {
  readonly #on: (statement: string) => boolean;
  readonly #prepared = new Map<string, string>();
  #rest: Buffer = Buffer.alloc(0);
  #started = false;

  constructor(on: (statement: string) => boolean) {
    this.#on = on;
  }

  /** @returns whether the bytes may go on */
  take(bytes: Buffer): boolean {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = this.#started ? 1 : 0;
      if (this.#rest.length < head + 4) return true;
      const length = this.#rest.readUInt32BE(head);
      if (this.#rest.length < head + length) return true;
      const type = this.#started ? String.fromCharCode(this.#rest[0] ?? 0) : "";
      const body = this.#rest.subarray(head + 4, head + length);
      this.#rest = this.#rest.subarray(head + length);
      this.#started = true;
      const statement = this.#statementOf(type, body);
      if (statement !== undefined && this.#on(statement.trim())) return false;
    }
  }

  /** Of a simple query its text; of an execution the text of what was bound. */
  #statementOf(type: string, body: Buffer): string | undefined {
    const [first = "", second = ""] = body.toString("latin1").split("\0");
    if (type === "Q") return first;
    if (type === "P") this.#prepared.set(first, second);
    // A binding names its portal, then its statement.
    return type === "B" ? this.#prepared.get(second) : undefined;
  }
}
