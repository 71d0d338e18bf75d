import type { Kind } from "./language.ts";

/**
 * The one table of what generated code may import. The sandbox has no network, so what is not here cannot be had: the
 * image bakes in these versions, the model is shown this list, and an import of anything else is a finding before a line
 * of it runs. The tools that judge the code stand here too, because they are installed by the same step.
 */
export type LanguageName = "typescript" | "python";

export type BakedPackage = {
  /** As the registry has it; `@types/node` and `pydantic` alike. */
  name: string;
  version: string;
  /** What it is for, told to the model; a package without it is there for the tools and not to be imported. */
  purpose?: string;
  /** What it is imported as, where that is not its name. */
  module?: string;
  /** Of use to services alone: shown beside any other task, it makes a small model write a service. */
  ofServices?: true;
};

export const BAKED_PACKAGES: Readonly<Record<LanguageName, readonly BakedPackage[]>> = {
  typescript: [
    { name: "fastify", version: "5.12.8", purpose: "HTTP services", ofServices: true },
    { name: "zod", version: "4.6.7", purpose: "validation of input", ofServices: true },
    { name: "@types/node", version: "24.19.2" },
    { name: "typescript", version: "7.0.2" },
  ],
  python: [
    { name: "fastapi", version: "0.165.0", purpose: "HTTP services", ofServices: true },
    { name: "pydantic", version: "2.14.4", purpose: "validation of input", ofServices: true },
    {
      name: "httpx",
      version: "0.28.1",
      purpose: "calling a service in a test, with fastapi.testclient",
      ofServices: true,
    },
    { name: "pytest", version: "9.2.0", purpose: "tests" },
    { name: "uvicorn", version: "0.54.0" },
    { name: "coverage", version: "7.17.4" },
  ],
};

/** Names that an import may begin with, in that language. */
export function importable(language: LanguageName): ReadonlySet<string> {
  const offered = BAKED_PACKAGES[language].filter(({ purpose }) => purpose !== undefined);
  // fastapi stands on it and its own documentation imports from it.
  const beside = language === "python" ? ["starlette", "typing_extensions"] : [];
  return new Set([...offered.map(({ name, module }) => module ?? name), ...beside]);
}

/** The list as a prompt shows it: all of it, or what is of use to what is to be made. */
export function packagesText(language: LanguageName, kind: Kind = "service"): string {
  const standard = language === "typescript" ? "Node's own modules (import them as node:NAME)" : "the standard library";
  const offered = BAKED_PACKAGES[language].flatMap(({ name, purpose, ofServices }) =>
    purpose === undefined || (ofServices && kind !== "service") ? [] : [`${name} (${purpose})`],
  );
  return `Only these may be imported: ${[standard, ...offered].join("; ")}. Nothing else is installed and there is no network.`;
}
