import { CommandFailed, run } from "../cluster/command.ts";

/** What builds images here: Docker or Podman, which take the same words. */
export type Builder = { readonly name: "docker" | "podman"; readonly version: string };

const BUILDERS = [
  { name: "docker", version: ["version", "--format", "{{.Server.Version}}"] },
  { name: "podman", version: ["version", "--format", "{{.Version}}"] },
] as const;

const ANSWER_SECONDS = 10;

/** The first one that answers. @throws Error that says what each of them said, and what to do. */
export async function findBuilder(env: NodeJS.ProcessEnv): Promise<Builder> {
  const silent: string[] = [];
  for (const { name, version } of BUILDERS) {
    try {
      return { name, version: (await run(name, version, { env, timeoutSeconds: ANSWER_SECONDS })).trim() };
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      silent.push(error.message.split("\n").slice(0, 2).join(" "));
    }
  }
  throw new Error(
    `images are built by Docker or Podman, and neither answers here. Install one (https://docs.docker.com/engine/install or https://podman.io/docs/installation), or start its service.\n  ${silent.join("\n  ")}`,
  );
}

/** What an image is called by its content, and what it takes unpacked. */
export async function inspectImage({ name }: Builder, reference: string): Promise<{ id: string; sizeBytes: number }> {
  const text = await run(name, ["image", "inspect", "--format", "{{.Id}} {{.Size}}", reference]);
  const [id = "", size = "0"] = text.trim().split(" ");
  return { id: id.replace(/^sha256:/, ""), sizeBytes: Number(size) };
}

/** Writes images and their names into one file, as clusters import them. */
export async function saveImages(
  { name }: Builder,
  references: readonly string[],
  options: { file: string; signal: AbortSignal },
): Promise<void> {
  // Podman writes several into one file only when it is told so, and only in this format.
  const several = name === "podman" ? ["--multi-image-archive", "--format", "docker-archive"] : [];
  await run(name, ["save", ...several, "--output", options.file, ...references], { signal: options.signal });
}
