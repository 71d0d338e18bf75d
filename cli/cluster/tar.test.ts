import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeLayer } from "./oci.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leanvibe-tar-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a layer", () => {
  test("is read by the system's own tar: long names, long links, other alphabets, files and their times", async () => {
    const file = join(folder, "source");
    writeFileSync(file, "from a file");
    const long = `${"long/".repeat(40)}name`;
    const entries = [
      { path: long, mode: 0o755, bytes: Buffer.from("bytes"), modified: 1_700_000_000 },
      { path: "straße", mode: 0o644, file, sizeBytes: 11 },
      { path: "link", mode: 0o777, link: `../${long}` },
      { path: "empty", mode: 0o644, bytes: Buffer.alloc(0) },
    ];
    const layer = await writeLayer(entries, join(folder, "layer.tar"));
    expect(layer.sizeBytes).toBe(statSync(join(folder, "layer.tar")).size);
    execFileSync("tar", ["-xf", join(folder, "layer.tar"), "-C", folder]);
    expect(readFileSync(join(folder, long), "utf8")).toBe("bytes");
    expect(statSync(join(folder, long))).toMatchObject({ mode: 0o100755, mtimeMs: 1_700_000_000_000 });
    expect(readFileSync(join(folder, "straße"), "utf8")).toBe("from a file");
    expect(readlinkSync(join(folder, "link"))).toBe(`../${long}`);
    expect(statSync(join(folder, "empty")).size).toBe(0);
  });

  test("[a file that changes while it is read] is not written at all", async () => {
    const file = join(folder, "source");
    writeFileSync(file, "longer than was said");
    const entries = [{ path: "file", mode: 0o644, file, sizeBytes: 5 }];
    await expect(writeLayer(entries, join(folder, "layer.tar"))).rejects.toThrow(/changed while it was read/);
    expect(() => statSync(join(folder, "layer.tar"))).toThrow(/ENOENT/);
  });
});
