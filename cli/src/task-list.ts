import { listTasks, type Task } from "@leanvibe/client";
import { plainLine } from "./plain.ts";
import { type Client, dataOf } from "./task-api.ts";
import { cut, widthOf } from "./width.ts";

/** As many as a page of the API holds. */
const PAGE = 100;
const TITLE_COLUMNS = 50;

/** All tasks, oldest first. */
export async function allTasks(client: Client, signal: AbortSignal): Promise<Task[]> {
  const tasks: Task[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await listTasks({ client, query, signal });
    tasks.push(...dataOf(answer));
    cursor = answer.response?.headers.get("x-next-cursor") ?? undefined;
  } while (cursor !== undefined);
  return tasks;
}

type Row = Pick<Task, "id" | "title" | "phase" | "progress" | "created_at">;

/** A table as kubectl prints one. Pure. */
export function tableOf(tasks: readonly Row[], now: Date): string[] {
  const rows = [
    ["ID", "TITLE", "PHASE", "PROGRESS", "AGE"],
    ...tasks.map(({ id, title, phase, progress, created_at: made }) => [
      id,
      shortened(plainLine(title)),
      phase,
      `${progress}%`,
      ageOf((now.getTime() - Date.parse(made)) / 1000),
    ]),
  ];
  const widths = rows[0]?.map((_name, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? "")))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - widthOf(cell)))
      .join("   ")
      .trimEnd(),
  );
}

function shortened(title: string): string {
  return widthOf(title) <= TITLE_COLUMNS ? title : `${cut(title, TITLE_COLUMNS - 1)}…`;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
] as const;

/** `45s`, `12m`, `3h`, `2d` */
function ageOf(seconds: number): string {
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ["s", 1];
  return `${Math.max(0, Math.floor(seconds / size))}${unit}`;
}
