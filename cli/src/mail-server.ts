// Takes every mail that is handed in on this machine and keeps it, so that nothing is sent in development. Started by
// mail-catcher.ts with its port and folder.
import { onStarterGone } from "@leanvibe/runtime";
import { SMTPServer } from "smtp-server";
import { keepMail } from "./mailbox.ts";

const LARGEST_BYTES = 25_000_000;

const { MAIL_PORT, MAIL_FOLDER = "" } = process.env;

const server = new SMTPServer({
  // Nobody but this machine comes here.
  authOptional: true,
  disabledCommands: ["STARTTLS", "AUTH"],
  size: LARGEST_BYTES,
  onData: (stream, _session, done) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      if (stream.sizeExceeded) return done(Object.assign(new Error("the message is too large"), { responseCode: 552 }));
      keepMail(MAIL_FOLDER, Buffer.concat(parts)).then(() => done(), done);
    });
  },
});
// A client that goes away in the middle.
server.on("error", (error) => process.stderr.write(`${new Date().toISOString()} ${error.message}\n`));
server.listen(Number(MAIL_PORT), "127.0.0.1");

const stop = () => server.close(() => process.exit(0));
onStarterGone(stop);
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
