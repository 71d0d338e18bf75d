import { once } from "node:events";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

export type Mailbox = {
  url: string;
  /** What came, with the addresses it was handed in for. */
  received: { to: string[]; mail: ParsedMail }[];
  close(): Promise<void>;
};

/** A mail server on loopback that keeps what it is given. */
export async function openMailbox(port = 0): Promise<Mailbox> {
  const received: Mailbox["received"] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, { envelope }, done) => {
      simpleParser(stream).then((mail) => {
        received.push({ to: envelope.rcptTo.map(({ address }) => address), mail });
        done();
      }, done);
    },
  });
  // Of a connection that broke: whoever was killed while they sent something.
  server.on("error", () => undefined);
  const listener = server.listen(port, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const at = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${at}`,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
