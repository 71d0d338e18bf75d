/** A parameter, or a column of an answer, as PostgreSQL reads and writes it; null is NULL. */
export type Cell = string | null;

const [PARSE, BIND, EXECUTE, SYNC] = [0x50, 0x42, 0x45, 0x53];
const HEAD_BYTES = 5;
const [INT16_BYTES, INT32_BYTES] = [2, 4];

/** What ends a request's transaction, and no other's. */
export const ENDING = message(SYNC, "");

/** All rows of what was bound last. */
const ALL = message(EXECUTE, "\0\0\0\0\0");

/** Teaches the connection a statement; what its parameters are the database finds out. */
export function parsing(name: string, text: string): Buffer {
  return message(PARSE, `${name}\0${text}\0\0\0`);
}

/** Runs a statement that the connection knows. Its columns are not asked for: who sends this knows them. */
export function running(name: string, values: readonly Cell[]): Buffer {
  let bytes = HEAD_BYTES + 2 + Buffer.byteLength(name) + 3 * INT16_BYTES;
  for (const value of values) bytes += INT32_BYTES + (value === null ? 0 : Buffer.byteLength(value));
  const packet = Buffer.allocUnsafe(bytes + ALL.length);
  packet[0] = BIND;
  let at = packet.writeInt32BE(bytes - 1, 1);
  at += packet.write(`\0${name}\0`, at);
  // Of no parameter and of no column a format is said: all are text.
  at = packet.writeInt16BE(0, at);
  at = packet.writeInt16BE(values.length, at);
  for (const value of values) at = writeValue(packet, value, at);
  at = packet.writeInt16BE(0, at);
  ALL.copy(packet, at);
  return packet;
}

function writeValue(packet: Buffer, value: Cell, at: number): number {
  if (value === null) return packet.writeInt32BE(-1, at);
  const bytes = packet.write(value, at + INT32_BYTES);
  return packet.writeInt32BE(bytes, at) + bytes;
}

function message(code: number, body: string): Buffer {
  const packet = Buffer.from(`\0\0\0\0\0${body}`);
  packet[0] = code;
  packet.writeInt32BE(packet.length - 1, 1);
  return packet;
}
