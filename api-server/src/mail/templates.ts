import { escaped } from "../http/html.ts";
import type { MailPayload } from "./payload.ts";

/** A mail before it is written as text and as HTML. */
type Draft = { subject: string; paragraphs: string[]; link: { label: string; url: string }; after: string[] };

export type Written = { subject: string; text: string; html: string };

const FOLLOW_UPS = {
  1: [
    "Your first project",
    "Everything of yours lives in projects. The first is called Welcome: rename it, or make your own.",
  ],
  3: [
    "Invite who works with you",
    "Work is easier together: invite the people you work with, each with a role of their own.",
  ],
  7: [
    "A week in",
    "Your plan's limits and what you use of them stand under usage; settings hold your name, colours and time zone.",
  ],
} as const;

/**
 * Writes a mail.
 * @param link what the mail leads to.
 */
export function writeMail(payload: MailPayload, link: string): Written {
  const { subject, paragraphs, link: to, after } = draftOf(payload, link);
  const text = [...paragraphs, `${to.label}:\n${to.url}`, ...after].join("\n\n");
  const html = [
    ...paragraphs.map((line) => `<p>${escaped(line)}</p>`),
    `<p><a href="${escaped(to.url)}">${escaped(to.label)}</a></p>`,
    `<p><small>${escaped(to.url)}</small></p>`,
    ...after.map((line) => `<p>${escaped(line)}</p>`),
  ].join("\n");
  return { subject, text: `${text}\n`, html: `<!doctype html><html lang="en"><body>\n${html}\n</body></html>\n` };
}

function draftOf(payload: MailPayload, url: string): Draft {
  const { organization } = payload.values;
  if (payload.mail === "welcome") {
    const { days } = payload.values;
    return {
      subject: `Welcome: set a password for ${organization}`,
      paragraphs: [
        `${organization} was made, and you are its owner.`,
        `Set a password to come in. The link works once, for ${days === 1 ? "a day" : `${days} days`}.`,
      ],
      link: { label: "Set your password", url },
      after: [
        `If this says nothing to you, do nothing${days === 1 ? ": what nobody claims is deleted after a day" : ""}.`,
      ],
    };
  }
  if (payload.mail === "invitation") {
    const { inviter, role } = payload.values;
    return {
      subject: `${inviter} invites you to ${organization}`,
      paragraphs: [
        `${inviter} invites you to work in ${organization}, as ${role}.`,
        "The link works once, for seven days.",
      ],
      link: { label: "Accept the invitation", url },
      after: ["If this says nothing to you, do nothing."],
    };
  }
  if (payload.mail !== "follow_up") return aboutState(payload, url);
  const [subject, paragraph] = FOLLOW_UPS[payload.values.day];
  return { subject: `${organization}: ${subject}`, paragraphs: [paragraph], link: { label: "Go on", url }, after: [] };
}

type OfState = Extract<MailPayload, { mail: "held" | "deletion" | "deletion_cancelled" | "webhook_disabled" }>;

/** What owners are told when their organization cannot be used as before, or can again. */
function aboutState(payload: OfState, url: string): Draft {
  const { organization } = payload.values;
  if (payload.mail === "held") {
    return {
      subject: `${organization} is suspended`,
      paragraphs: [
        `The platform holds ${organization} suspended. The reason: ${payload.values.reason}.`,
        "Nothing of it is lost. Until this is settled nobody can sign in, and its workloads rest.",
      ],
      link: { label: "What this means", url },
      after: ["Answer to the platform's support, who can tell you more."],
    };
  }
  if (payload.mail === "deletion") {
    const { asked_by, deletes_on } = payload.values;
    const byOwner = asked_by === "owner";
    const asked = byOwner
      ? `An owner of ${organization} asked for its deletion. Until ${deletes_on} its owners can still read it, take its data along by an export, and cancel.`
      : `The platform deleted ${organization} from its cluster. Until ${deletes_on} its owners can still read it and take its data along by an export.`;
    return {
      subject: `${organization} is going to be deleted`,
      paragraphs: [
        asked,
        "After that day everything of it is gone for good, and its name is free for others 90 days later.",
      ],
      link: { label: byOwner ? "How to export or cancel" : "How to export", url },
      after: [
        byOwner
          ? "If nobody of you asked for this, sign in, cancel, and change your passwords."
          : "If you did not expect this, ask the platform's support: until then it can be taken back.",
      ],
    };
  }
  if (payload.mail === "webhook_disabled") {
    return {
      subject: `${organization}: a webhook was switched off`,
      paragraphs: [
        `For three days nothing that was sent to ${payload.values.host} was taken, so that nothing is sent there any more.`,
        "GET /api/v1/webhooks/{id}/deliveries says what was answered; switched on again, it hears of what happens from then on.",
      ],
      link: { label: "About webhooks", url },
      after: [],
    };
  }
  return {
    subject: `${organization} stays`,
    paragraphs: [`An owner cancelled the deletion of ${organization}. Its members can work again.`],
    link: { label: "Go on", url },
    after: [],
  };
}
