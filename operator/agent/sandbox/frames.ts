import type { Readable, Writable } from "node:stream";
import { BOUNDS } from "./protocol.ts";

const LENGTH_BYTES = 4;

/** One message: its length, then JSON. @throws Error where it is longer than may be. */
export function send(to: Writable, message: unknown): void {
  const body = Buffer.from(JSON.stringify(message));
  if (body.length > BOUNDS.frameBytes) throw new Error(`a message of ${body.length} bytes is longer than may be`);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  to.write(Buffer.concat([length, body]));
}

/** Every message of a connection. @throws Error at the first length beyond the bound, before anything is kept of it. */
export async function* received(from: Readable): AsyncGenerator<unknown> {
  let chunks: Buffer[] = [];
  let held = 0;
  /** The first `bytes` of what is held. */
  const take = (bytes: number): Buffer => {
    const all = Buffer.concat(chunks, held);
    chunks = [all.subarray(bytes)];
    held -= bytes;
    return all.subarray(0, bytes);
  };
  let length: number | undefined;
  for await (const chunk of from) {
    chunks.push(chunk);
    held += chunk.length;
    for (;;) {
      if (length === undefined && held >= LENGTH_BYTES) length = take(LENGTH_BYTES).readUInt32BE();
      if (length !== undefined && length > BOUNDS.frameBytes) {
        throw new Error(`a message of ${length} bytes is longer than may be`);
      }
      if (length === undefined || held < length) break;
      yield JSON.parse(take(length).toString("utf8"));
      length = undefined;
    }
  }
}
