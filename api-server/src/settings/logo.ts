import { createHash } from "node:crypto";
import type { Sharp, SharpOptions } from "sharp";
import { Refusal } from "../errors/catalogue.ts";

/** Of what is sent; the pixels bound what it may unpack to, whatever its bytes. */
export const LOGO_BYTES_AT_MOST = 524_288;
const PIXELS_AT_MOST = 16_000_000;
const SIDE_PIXELS = 512;
const SECONDS_AT_MOST = 5;
/** Of one organization one. */
const WAITING_AT_MOST = 8;
const RETRY_SECONDS = 2;

export type Logo = { png: Uint8Array<ArrayBuffer>; sha256: Uint8Array<ArrayBuffer> };

type Reader = (bytes: Uint8Array, options: SharpOptions) => Sharp;

/** Loaded when the first logo comes, since most servers never see one, and able to read these three kinds alone. */
async function loadReader(): Promise<Reader> {
  const { default: sharp } = await import("sharp");
  sharp.cache(false);
  sharp.concurrency(1);
  // Everything else that it could read, SVG above all, is a program of its own to be attacked.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ["VipsForeignLoadPng", "VipsForeignLoadJpeg", "VipsForeignLoadWebp"] });
  return sharp;
}

/**
 * Makes logos of what was sent, one after the other: an image of our own, without a byte of the sender's in it, such as
 * metadata with a place, or a script that some browser would run.
 */
export function logoMaker(): (tenantId: string, sent: Uint8Array) => Promise<Logo> {
  let reader: Promise<Reader> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const waiting = new Set<string>();
  const make = async (sent: Uint8Array): Promise<Logo> => {
    reader ??= loadReader();
    const read = await reader;
    return await made(read(sent, { limitInputPixels: PIXELS_AT_MOST }));
  };
  return async (tenantId, sent) => {
    if (waiting.has(tenantId)) {
      const detail = `Another logo of your organization is being made: try again in ${RETRY_SECONDS} s.`;
      throw new Refusal("RATE_LIMITED", { detail, retryAfterSeconds: RETRY_SECONDS });
    }
    if (waiting.size >= WAITING_AT_MOST) throw new Refusal("OVERLOADED", { retryAfterSeconds: RETRY_SECONDS });
    waiting.add(tenantId);
    const turn = last.then(() => make(sent));
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting.delete(tenantId);
    }
  };
}

/** @throws Refusal LOGO_NOT_VALID */
async function made(image: Sharp): Promise<Logo> {
  const output = image
    .timeout({ seconds: SECONDS_AT_MOST })
    .autoOrient()
    .resize({ width: SIDE_PIXELS, height: SIDE_PIXELS, fit: "inside", withoutEnlargement: true })
    .png({ compressionLevel: 9 });
  const png = await output.toBuffer().catch((error: unknown) => {
    throw new Refusal("LOGO_NOT_VALID", { cause: error });
  });
  return { png: new Uint8Array(png), sha256: new Uint8Array(createHash("sha256").update(png).digest()) };
}
