import type { z } from "zod";
import { sendMail } from "../mail/send.ts";
import { deleteObject } from "../mirror/erased.ts";
import type { Parts } from "../parts.ts";
import { completeAlone } from "../tenants/create.ts";
import { deliver } from "../webhooks/deliver.ts";
import { TOPICS } from "./topics.ts";

/** Whose it is, and the id by which an effect that happens twice is known to be one. */
export type Entry = { tenantId: string; id: string };

/** Does what a topic says. It may be asked again for the same entry, after a crash for instance. */
export type Handler = (payload: unknown, entry: Entry) => Promise<void>;

/** By topic: what this process can do. The rest waits in the outbox for a process that can. */
export type Handlers = Readonly<Record<string, Handler>>;

export function handlersOf(parts: Parts): Handlers {
  const { mailer } = parts;
  const mail = mailer && {
    "mail.send": handles(TOPICS["mail.send"], (mail, entry) => sendMail(parts, mailer, mail, entry)),
  };
  const webhook = {
    "webhook.deliver": handles(TOPICS["webhook.deliver"], ({ delivery }, { tenantId }) =>
      deliver(parts, tenantId, delivery),
    ),
  };
  return { ...mail, ...webhook, ...clusterHandlers(parts) };
}

function clusterHandlers({ cluster, database }: Parts): Handlers {
  if (cluster === undefined) {
    return {
      "tenant.apply": handles(TOPICS["tenant.apply"], (_, { tenantId }) => completeAlone(database, tenantId)),
      // There is nothing that must go.
      "tenant.delete": handles(TOPICS["tenant.delete"], async () => undefined),
    };
  }
  // The mirror does tenant.apply.
  return {
    "tenant.delete": handles(TOPICS["tenant.delete"], ({ subdomain }, { tenantId }) =>
      deleteObject(cluster.transport, subdomain, tenantId),
    ),
  };
}

/** A handler whose payload is what the topic's schema says. */
export function handles<S extends z.ZodType>(
  schema: S,
  work: (payload: z.output<S>, entry: Entry) => Promise<void>,
): Handler {
  return (payload, entry) => work(schema.parse(payload), entry);
}
