import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, watch } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simpleParser } from "mailparser";

const SUFFIX = ".eml";

/** A mail that was kept. `number`: the first that was ever kept has 1. */
export type Mail = { number: number; date: string; to: string; subject: string; text: string };

/** Keeps a message as it came in, whole or not at all. */
export async function keepMail(folder: string, message: Buffer): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // In the order of time by name, also of two in one millisecond.
  const name = `${new Date().toISOString().replaceAll(":", "")}-${randomBytes(4).toString("hex")}`;
  // What is mailed opens something.
  await writeFile(join(folder, `${name}.new`), message, { mode: 0o600 });
  renameSync(join(folder, `${name}.new`), join(folder, `${name}${SUFFIX}`));
}

/** The last so many, the oldest of them first. */
export async function listMail(folder: string, last: number): Promise<Mail[]> {
  const names = namesIn(folder);
  const from = Math.max(0, names.length - last);
  return await Promise.all(names.slice(from).map((name, index) => readMail(folder, name, from + index + 1)));
}

/** One by its number. */
export async function findMail(folder: string, number: number): Promise<Mail | undefined> {
  const name = namesIn(folder)[number - 1];
  return name === undefined ? undefined : await readMail(folder, name, number);
}

/** Calls with every mail that comes in from now on, until the signal. */
export function watchMail(folder: string, signal: AbortSignal, onMail: (mail: Mail) => void): void {
  mkdirSync(folder, { recursive: true });
  const told = new Set(namesIn(folder));
  watch(folder, { signal, persistent: false }, () => {
    for (const [index, name] of namesIn(folder).entries()) {
      if (told.has(name)) continue;
      told.add(name);
      readMail(folder, name, index + 1).then(onMail, () => undefined);
    }
  }).on("error", () => undefined); // The folder is deleted by a reset.
}

function namesIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(SUFFIX))
        .sort()
    : [];
}

async function readMail(folder: string, name: string, number: number): Promise<Mail> {
  const { date, to, subject = "", text = "" } = await simpleParser(await readFile(join(folder, name)));
  const receivers = [to ?? []].flat().map((each) => each.text);
  return { number, date: (date ?? new Date(0)).toISOString(), to: receivers.join(", "), subject, text: text.trim() };
}
