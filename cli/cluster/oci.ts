import { createHash } from "node:crypto";
import { createWriteStream, renameSync, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Entry, tar } from "./tar.ts";

/** A layer as a tar file that is not compressed: it is written and read on the same machine. */
export interface Layer {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Its bytes, or the path of a file that holds them. */
  readonly content: Uint8Array | string;
}

/** One image of an archive. */
export interface Image {
  /** Full reference, for example `leanvibe.io/pause:1`. */
  readonly reference: string;
  /** The program's absolute path inside the image, and its arguments. */
  readonly entrypoint: readonly string[];
  readonly layers: readonly Layer[];
  /** PATH of its processes. */
  readonly path: string;
  /** Go's name of the processor: `amd64`, `arm64`. */
  readonly architecture: string;
}

/** Go's name of this machine's processor. */
export function architecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

/** An image of a single static program that runs as an unprivileged user. Same program, same bytes. */
export async function programImage(options: {
  reference: string;
  /** Absolute path of the program inside the image. */
  entrypoint: string;
  program: Uint8Array;
}): Promise<Image> {
  const { reference, entrypoint, program } = options;
  const content = await collect([{ path: entrypoint.slice(1), bytes: program, mode: 0o755 }]);
  const layer = { digest: digestOf(content), sizeBytes: content.length, content };
  return { reference, entrypoint: [entrypoint], layers: [layer], path: "/", architecture: architecture() };
}

async function collect(entries: readonly Entry[]): Promise<Buffer> {
  const chunks = [];
  for await (const chunk of tar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes a layer into a file, piece by piece. */
export async function writeLayer(entries: Iterable<Entry>, file: string): Promise<Layer> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  await writeWhole(file, async function* () {
    for await (const chunk of tar(entries)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  });
  return { digest: `sha256:${hash.digest("hex")}`, sizeBytes, content: file };
}

/** Writes an OCI image layout as one tar file, as `ctr images import` and `docker load` read it. */
export async function writeArchive(images: readonly Image[], file: string): Promise<void> {
  await writeWhole(file, () => tar(layoutOf(images)));
}

/** Under its name there is the whole file or none: a process that was ended half-way leaves no half of one. */
async function writeWhole(file: string, content: () => AsyncIterable<Uint8Array>): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  try {
    await pipeline(content, createWriteStream(unfinished, { mode: 0o600, highWaterMark: 1 << 20 }));
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** The digest by which a containerd knows the image. */
export function manifestDigest(image: Image): string {
  return digestOf(blobsOf(image).manifest);
}

function layoutOf(images: readonly Image[]): Entry[] {
  const blobs = new Map<string, Layer["content"]>();
  const sizes = new Map<string, number>();
  const manifests = images.map((image) => {
    const { config, manifest } = blobsOf(image);
    for (const bytes of [config, manifest]) blobs.set(digestOf(bytes), bytes);
    for (const { digest, sizeBytes, content } of image.layers) {
      blobs.set(digest, content);
      sizes.set(digest, sizeBytes);
    }
    return {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: digestOf(manifest),
      size: manifest.length,
      platform: { os: "linux", architecture: image.architecture },
      annotations: {
        "io.containerd.image.name": image.reference,
        "org.opencontainers.image.ref.name": image.reference.split(":").at(-1) ?? "latest",
      },
    };
  });
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
  const small = (path: string, bytes: Uint8Array): Entry => ({ path, bytes, mode: 0o644 });
  return [
    small("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    small("index.json", Buffer.from(JSON.stringify(index))),
    ...[...blobs].map(([digest, content]): Entry => {
      const path = `blobs/${digest.replace(":", "/")}`;
      if (typeof content !== "string") return small(path, content);
      return { path, mode: 0o644, file: content, sizeBytes: sizes.get(digest) ?? 0 };
    }),
  ];
}

function blobsOf(image: Image): { config: Buffer; manifest: Buffer } {
  const config = json({
    os: "linux",
    architecture: image.architecture,
    config: { Entrypoint: image.entrypoint, User: "65532:65532", WorkingDir: "/", Env: [`PATH=${image.path}`] },
    rootfs: { type: "layers", diff_ids: image.layers.map(({ digest }) => digest) },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: digestOf(config),
      size: config.length,
    },
    layers: image.layers.map(({ digest, sizeBytes }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest,
      size: sizeBytes,
    })),
  });
  return { config, manifest };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
