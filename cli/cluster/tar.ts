import { createReadStream } from "node:fs";

/** What one path of an archive is: bytes, a file of this machine, or a symlink. */
export type Entry = {
  readonly path: string;
  readonly mode: number;
  /** Seconds since the epoch; 0 where nothing depends on it, so that the bytes depend on the content alone. */
  readonly modified?: number;
} & (
  | { readonly bytes: Uint8Array }
  | { readonly file: string; readonly sizeBytes: number }
  | { readonly link: string }
);

const BLOCK_BYTES = 512;
/** All that a header holds of a name. */
const NAME_BYTES = 100;
const TYPES = { file: "0", symlink: "2", longName: "L", longLink: "K" } as const;

/** A tar file, piece by piece: no file of it is ever held as a whole. Owner 0 everywhere. */
export async function* tar(entries: Iterable<Entry>): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    // As GNU's tar does it: a name that does not fit is the content of an entry before its own.
    if (Buffer.byteLength(entry.path) > NAME_BYTES) yield* long(TYPES.longName, entry.path);
    if ("link" in entry) {
      if (Buffer.byteLength(entry.link) > NAME_BYTES) yield* long(TYPES.longLink, entry.link);
      yield header(entry, { sizeBytes: 0, type: TYPES.symlink, link: entry.link });
    } else if ("bytes" in entry) {
      yield header(entry, { sizeBytes: entry.bytes.length, type: TYPES.file });
      yield entry.bytes;
      yield padding(entry.bytes.length);
    } else {
      yield header(entry, { sizeBytes: entry.sizeBytes, type: TYPES.file });
      yield* contentOf(entry.file, entry.sizeBytes);
      yield padding(entry.sizeBytes);
    }
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

async function* contentOf(file: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    read += chunk.length;
    yield chunk;
  }
  if (read !== sizeBytes) throw new Error(`${file} changed while it was read: ${read} bytes instead of ${sizeBytes}`);
}

function* long(type: string, name: string): Generator<Uint8Array> {
  const bytes = Buffer.from(`${name}\0`);
  yield header({ path: "././@LongLink", mode: 0o644 }, { sizeBytes: bytes.length, type });
  yield bytes;
  yield padding(bytes.length);
}

function padding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

function header(
  { path, mode, modified = 0 }: Pick<Entry, "path" | "mode" | "modified">,
  { sizeBytes, type, link = "" }: { sizeBytes: number; type: string; link?: string },
): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  block.write(path, 0, NAME_BYTES, "utf8");
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(sizeBytes, 11), 124);
  block.write(octal(modified, 11), 136);
  block.write("        ", 148); // The checksum counts its own field as blanks.
  block.write(type, 156);
  block.write(link, 157, NAME_BYTES, "utf8");
  block.write("ustar  \0", 257, "binary"); // GNU's magic: the long names are its own.
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
