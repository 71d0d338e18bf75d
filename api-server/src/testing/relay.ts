import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";

export type Relay = {
  /** The URL, by way of the relay. */
  url(of: string): string;
  /** Ends every connection and refuses new ones. */
  cut(): void;
  /** Lets nothing through any more, without a word. */
  freeze(): void;
  mend(): void;
  close(): Promise<void>;
};

/** Stands between a client and a server, so that the way between them can be cut, or led to another address. */
export async function relayTo(target: string, host = "127.0.0.1"): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let state: "whole" | "cut" | "frozen" = "whole";
  const server = createServer((client) => {
    if (state === "cut") return void client.destroy();
    const onward = createConnection({ host: hostname, port: Number(port) });
    for (const socket of [client, onward]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    const pass = (from: Socket, to: Socket) =>
      from.on("data", (bytes) => state === "whole" && to.write(bytes)).on("close", () => to.destroy());
    pass(client, onward);
    pass(onward, client);
  });
  await once(server.listen(0, host), "listening");
  const address = server.address();
  const at = typeof address === "object" && address !== null ? address.port : 0;
  const cut = () => {
    state = "cut";
    for (const socket of open) socket.destroy();
  };
  return {
    url: (of) => Object.assign(new URL(of), { hostname: host, port: String(at) }).href,
    cut,
    freeze: () => {
      state = "frozen";
    },
    mend: () => {
      // What was swallowed is lost: the connections that were frozen are of no use any more.
      for (const socket of open) socket.destroy();
      state = "whole";
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
