import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** They shipped so: whoever has a database has seen both, by these names. */
const TWICE = ["0016_exports.sql", "0016_indexes.sql"];

test("each migration has a number of its own, so that nobody's comes before one that others have seen already", () => {
  const names = readdirSync(join(import.meta.dirname, "../../migrations")).toSorted();
  expect(names.filter((name) => !/^\d{4}_[a-z_]+\.sql$/.test(name))).toEqual([]);
  const byNumber = Map.groupBy(names, (name) => name.slice(0, 4));
  const shared = [...byNumber.values()].filter(({ length }) => length > 1);
  expect(shared, "give the newer of the two the next free number").toEqual([TWICE]);
});
