import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { Database } from "../db/database.ts";
import type { Task, TaskFile } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import type { TaskCodeBody } from "./schema.ts";

export type FileKind = "code" | "test" | "documentation";

/** What an agent made. @throws Refusal TASK_NOT_FOUND, CODE_NOT_READY */
export async function readCode(database: Database, tenantId: string, id: string): Promise<TaskCodeBody> {
  const row = await database.read(tenantId, (db) => db.task.findFirst({ where: { tenantId, id } }));
  if (row === null) throw new Refusal("TASK_NOT_FOUND");
  requireReady(row);
  const found = await database.read(tenantId, (db) =>
    db.taskFile.findMany({ where: { tenantId, taskId: id }, orderBy: [{ kind: "asc" }, { path: "asc" }] }),
  );
  const of = (kind: FileKind) => found.filter((file) => file.kind === kind).map(fileOf);
  return {
    task_id: id,
    lines_of_code: row.linesOfCode ?? 0,
    complexity: row.complexity ?? 0,
    files: of("code"),
    tests: of("test"),
    documentation: of("documentation"),
    truncated: row.truncated,
  };
}

function requireReady({ phase, collectedAt, artifactError }: Task): void {
  if (collectedAt !== null && artifactError === null) return;
  const detail =
    artifactError === null
      ? `This task is ${phase}: its code is there when it has ended and was collected.`
      : `What the agent made cannot be read: ${artifactError}`;
  throw new Refusal("CODE_NOT_READY", { detail });
}

function fileOf({ path, content }: TaskFile) {
  return { path, content };
}

/** The same as a ZIP. Paths are those of a workspace: they cannot lead out of the folder that it is unpacked into. */
export function zipOf(code: TaskCodeBody): Readable {
  const zip = new ZipFile();
  const seen = new Set<string>();
  for (const { path, content } of [...code.files, ...code.tests, ...code.documentation]) {
    // Of two under one name the first stays, which is the code.
    if (seen.has(path)) continue;
    seen.add(path);
    zip.addBuffer(Buffer.from(content), path);
  }
  zip.end();
  return new Readable().wrap(zip.outputStream);
}
