import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BAKED_PACKAGES } from "./packages.ts";

const text = readFileSync(join(import.meta.dirname, "requirements.txt"), "utf8");
const pinned = text.split(/^(?=\S)/m).filter((each) => !each.startsWith("#"));

describe("the list by which pip installs Python's packages", () => {
  test.each(BAKED_PACKAGES.python)("has $name $version, as the table says", ({ name, version }) => {
    expect(text).toMatch(new RegExp(`^${name}==${version} `, "m"));
  });

  test("[a package exchanged on its way] names each by version and hash, and no other place to look", () => {
    expect(pinned.length).toBeGreaterThan(15);
    for (const each of pinned) expect(each).toMatch(/^[a-z0-9-]+==\S+ \\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n)+$/);
  });
});
