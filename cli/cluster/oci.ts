import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** One image of an archive: a single static program that runs as an unprivileged user. */
export interface Image {
  /** Full reference, for example `leanvibe.io/pause:1`. */
  readonly reference: string;
  /** Absolute path of the program inside the image. */
  readonly entrypoint: string;
  readonly program: Uint8Array;
  /** Go's name of the processor: `amd64`, `arm64`. */
  readonly architecture: string;
}

interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** An OCI image layout as one tar file, as `ctr images import` and `docker load` read it. Pure: same images, same bytes. */
export function ociArchive(images: readonly Image[]): Buffer {
  const blobs = new Map<string, Uint8Array>();
  const keep = (blob: Blob) => {
    blobs.set(blob.digest, blob.bytes);
    return { digest: blob.digest, size: blob.bytes.length };
  };
  const manifests = images.map((image) => {
    const tarball = tar([{ path: image.entrypoint.slice(1), bytes: image.program, mode: 0o755 }]);
    const layer = keep(blobOf(gzipSync(tarball)));
    const config = keep(jsonBlob(imageConfig(image, digestOf(tarball))));
    const manifest = keep(
      jsonBlob({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
        layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
      }),
    );
    return {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      ...manifest,
      platform: { os: "linux", architecture: image.architecture },
      annotations: {
        "io.containerd.image.name": image.reference,
        "org.opencontainers.image.ref.name": image.reference.split(":").at(-1) ?? "latest",
      },
    };
  });
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
  return tar([
    { path: "oci-layout", bytes: Buffer.from('{"imageLayoutVersion":"1.0.0"}'), mode: 0o644 },
    { path: "index.json", bytes: Buffer.from(JSON.stringify(index)), mode: 0o644 },
    ...[...blobs].map(([digest, bytes]) => ({ path: `blobs/${digest.replace(":", "/")}`, bytes, mode: 0o644 })),
  ]);
}

function imageConfig(image: Image, layerDigest: string) {
  return {
    os: "linux",
    architecture: image.architecture,
    config: { Entrypoint: [image.entrypoint], User: "65532:65532", WorkingDir: "/", Env: ["PATH=/"] },
    rootfs: { type: "layers", diff_ids: [layerDigest] },
  };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function blobOf(bytes: Uint8Array): Blob {
  return { digest: digestOf(bytes), bytes };
}

function jsonBlob(value: unknown): Blob {
  return blobOf(Buffer.from(JSON.stringify(value)));
}

interface Entry {
  /** At most 100 bytes, ASCII: all that a plain ustar header holds, and all that we need. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

const BLOCK_BYTES = 512;

/** A ustar file. Owner 0, time 0: the bytes, and so the digests, depend on the content alone. */
function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, bytes, mode }) => {
    const padding = Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [header(path, bytes.length, mode), bytes, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function header(path: string, sizeBytes: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  block.write(path, 0, 100, "ascii");
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(sizeBytes, 11), 124);
  block.write(octal(0, 11), 136);
  block.write("        ", 148); // The checksum counts its own field as blanks.
  block.write("0", 156);
  block.write("ustar\x0000", 257, "binary");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
