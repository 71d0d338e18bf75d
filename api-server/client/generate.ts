import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@hey-api/openapi-ts";

const FOLDER = "api-server/client/generated";

/**
 * What this package generates: path from the repository's root to text.
 * @param document the OpenAPI document, as JSON
 */
export async function generateClient(document: string): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "leanvibe-client-"));
  try {
    await createClient({
      input: JSON.parse(document),
      output: {
        path: folder,
        entryFile: false,
        // Its code is not written for the strictest settings; its types hold for whoever uses them all the same.
        header: ["// Generated from api-server/openapi.json by `npm run generate`.", "// @ts-nocheck"],
        module: { extension: ".ts" },
        postProcess: [],
      },
      plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
      logs: { level: "silent", file: false },
    });
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const texts = paths.sort().map(async (path): Promise<[string, string]> => {
      return [`${FOLDER}${path.slice(folder.length)}`, await readFile(path, "utf8")];
    });
    return new Map(await Promise.all(texts));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
