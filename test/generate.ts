/**
 * `npm run generate` writes every generated file of the repository; `-- --check` writes nothing, says which files
 * differ from what would be written and exits 1.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generateClient } from "@leanvibe/client/generate";
import { generateRbac } from "@leanvibe/operator";
import { generate as generateSchema } from "@leanvibe/schema/generate";
import { generate as generateApi } from "../api-server/src/generate.ts";
import { generateApiRbac } from "../api-server/src/rbac.ts";
import { generateApiWorkloads } from "../api-server/src/workloads.ts";

/** Each gives paths from the repository's root and their text. */
const generators: readonly (() => Map<string, string> | Promise<Map<string, string>>)[] = [
  generateSchema,
  generateRbac,
  generateApiRbac,
  generateApiWorkloads,
  generateContract,
];

/** The API's OpenAPI document and routes, and the client made of the document. */
async function generateContract(): Promise<Map<string, string>> {
  const files = await generateApi();
  return new Map([...files, ...(await generateClient(files.get("api-server/openapi.json") ?? ""))]);
}

/** Of a line in what is said: some are thousands of characters long. */
const LINE_AT_MOST = 120;

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

const made = await Promise.all(generators.map((generate) => generate()));
const files = new Map(made.flatMap((each) => [...each]));
const changed: string[] = [];
for (const [path, text] of files) {
  const before = await textOf(join(root, path));
  if (before === text) continue;
  changed.push(`${path}: ${before === undefined ? "missing" : firstDifference(before, text)}`);
  if (check) continue;
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

for (const line of changed) console.log(`${check ? "stale" : "wrote"} ${line}`);
console.log(`${files.size} generated files, ${changed.length} ${check ? "stale" : "written"}`);
if (check && changed.length > 0) {
  console.error("Run `npm run generate` and commit what it writes.");
  process.exitCode = 1;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function firstDifference(before: string, after: string): string {
  const old = before.split("\n");
  const fresh = after.split("\n");
  const at = fresh.findIndex((line, index) => line !== old[index]);
  const line = at === -1 ? fresh.length : at;
  const shown = (text = "(end)") =>
    JSON.stringify(text.length > LINE_AT_MOST ? `${text.slice(0, LINE_AT_MOST)}...` : text);
  return `line ${line + 1}: ${shown(old[line])} -> ${shown(fresh[line])}`;
}
