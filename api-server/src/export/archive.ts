import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { ZipFile } from "yazl";
import { z } from "zod";
import { EXPORTED, type ExportedTable, LEFT_OUT, linesQuery } from "./tables.ts";

/** Rows that are asked for, and held, at a time. */
const ROWS = 250;
/** An old snapshot keeps the database from tidying up behind it. */
export const WHOLE_MILLISECONDS = 3_600_000;

/** All rows of one tenant as they were at one moment, on a connection of its own. */
export type Snapshot = {
  client: pg.PoolClient;
  tenant: { id: string; subdomain: string };
  takenAt: Date;
};

type FileSummary = { name: string; rows: number; bytes: number; sha256: string };

const lines = z.array(z.tuple([z.string()]));

/**
 * A ZIP of a tenant's rows, made while it is read: as much of it is in memory as the reader has not taken yet. Last comes
 * manifest.json, which says what each file must be.
 * @returns done: resolves when all of it was taken, rejects when it was not; the connection is given back before that.
 */
export function archiveOf(snapshot: Snapshot): { archive: Readable; done: Promise<void> } {
  const { client, takenAt } = snapshot;
  const zip = new ZipFile();
  const files: FileSummary[] = [];
  let source: Readable | undefined;
  const add = (name: string, open: () => AsyncIterable<Buffer>) =>
    zip.addReadStreamLazy(name, { mtime: takenAt }, (give) => {
      source = Readable.from(open(), { objectMode: false });
      give(null, source);
    });
  for (const [table, exported] of Object.entries(EXPORTED)) {
    const name = `${exported.file}.jsonl`;
    add(name, () => counted(name, linesOf(snapshot, table, exported), files));
  }
  add("manifest.json", () => only(manifestOf(snapshot, files)));
  zip.end();
  const archive = new PassThrough();
  // It tells of a file's fault by itself alone.
  zip.on("error", (error) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
  const signal = AbortSignal.timeout(WHOLE_MILLISECONDS);
  const done = pipeline(zip.outputStream, archive, { signal }).then(
    async () => {
      await client.query("COMMIT");
      client.release();
    },
    (error: unknown) => {
      source?.destroy();
      // Somewhere in the middle of a query: nobody else may have it.
      client.release(true);
      throw error;
    },
  );
  return { archive, done };
}

/**
 * The lines of a table, some at a time. By a cursor that is asked in statements of its own: between them the database knows
 * that it waits for us, and ends it where a reader takes nothing any more; no statement takes long, however long all take.
 */
async function* linesOf(
  { client, tenant }: Snapshot,
  table: string,
  exported: ExportedTable,
): AsyncGenerator<string[]> {
  await client.query(`DECLARE lines NO SCROLL CURSOR FOR ${linesQuery(table, exported)}`, [tenant.id]);
  for (;;) {
    const { rows } = await client.query({ text: `FETCH ${ROWS} FROM lines`, rowMode: "array" });
    if (rows.length === 0) break;
    yield lines.parse(rows).flat();
  }
  await client.query("CLOSE lines");
}

/** The bytes of a file, with what the manifest says of it when it is whole. */
async function* counted(name: string, parts: AsyncIterable<string[]>, files: FileSummary[]): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const sum = { rows: 0, bytes: 0 };
  for await (const part of parts) {
    const bytes = Buffer.from(part.map((line) => `${line}\n`).join(""));
    sum.rows += part.length;
    sum.bytes += bytes.length;
    hash.update(bytes);
    yield bytes;
  }
  files.push({ name, ...sum, sha256: hash.digest("hex") });
}

async function* only(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

function manifestOf({ tenant, takenAt }: Snapshot, files: FileSummary[]): string {
  const manifest = { format: 1, tenant, snapshot_at: takenAt.toISOString(), files, left_out: LEFT_OUT };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}
