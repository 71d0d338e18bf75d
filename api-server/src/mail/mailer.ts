import { createTransport } from "nodemailer";
import type { Written } from "./templates.ts";

export type Mailer = {
  /** @param id the same for the same mail: a receiver who gets it twice can tell. @throws Error when no server took it */
  send(mail: Written & { to: string; id: string }): Promise<void>;
  close(): void;
};

const PATIENCE = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 } as const;

/** Sends by SMTP. @param url smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the first byte. */
export function openMailer({ url, from, domain }: { url: string; from: string; domain: string }): Mailer {
  const transport = createTransport({ url, pool: true, maxConnections: 4, ...PATIENCE });
  return {
    send: async ({ to, id, subject, text, html }) => {
      const headers = { "Auto-Submitted": "auto-generated" };
      // As objects: an address is never read as a list of them.
      await transport.sendMail({
        from,
        to: { name: "", address: to },
        subject,
        text,
        html,
        headers,
        messageId: `<${id}@${domain}>`,
      });
    },
    close: () => transport.close(),
  };
}
