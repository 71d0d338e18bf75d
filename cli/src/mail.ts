import { apiNames, findApi } from "./api.ts";
import { mailFolder } from "./mail-catcher.ts";
import { findMail, listMail, type Mail } from "./mailbox.ts";
import { DEV_CLUSTER } from "./part.ts";

const LISTED_AT_MOST = 50;

/**
 * What the API wanted to send, for `leanvibe mail`: a list, or one by its number.
 * @throws Error where there is no such mail
 */
export async function mail(
  which: { number?: number | undefined; last: boolean; json: boolean },
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const name = apiNames(env).find((each) => findApi(each, env) !== undefined) ?? DEV_CLUSTER;
  const folder = mailFolder(name, env);
  if (which.number === undefined && !which.last) return listed(await listMail(folder, LISTED_AT_MOST), which.json);
  const found = which.number === undefined ? (await listMail(folder, 1))[0] : await findMail(folder, which.number);
  if (found === undefined) throw new Error("there is no such mail; leanvibe mail lists what there is");
  return which.json
    ? JSON.stringify(found)
    : `Date: ${found.date}\nTo: ${found.to}\nSubject: ${found.subject}\n\n${found.text}`;
}

function listed(mails: readonly Mail[], json: boolean): string {
  if (json) return mails.map(({ text: _text, ...head }) => JSON.stringify(head)).join("\n");
  if (mails.length === 0) return "No mail was sent yet.";
  const width = Math.max(...mails.map(({ to }) => to.length));
  return mails
    .map(({ number, date, to, subject }) => `${String(number).padStart(4)}  ${date}  ${to.padEnd(width)}  ${subject}`)
    .join("\n");
}
