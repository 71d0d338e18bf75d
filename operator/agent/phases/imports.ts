import type { SourceFile } from "@leanvibe/schema";

const OWN = /(\b(?:from|import)\s*\(?\s*["'])(\.{1,2}\/[^"'\n]*?)(?:\.[jt]s)?(?=["'])/g;
const OF_TYPES = /\bimport\s+type\s*\{([^}]*)\}/g;

const NAME = /^[\w$]+(\s+as\s+[\w$]+)?$/;

/**
 * TypeScript's imports as they must be here, where there is one way to mean them: files of the model's own with their
 * ending, which it leaves out or writes as that of what they would be compiled to, and what is called not as a type.
 */
export function withImports({ path, content }: SourceFile): SourceFile {
  if (!path.endsWith(".ts")) return { path, content };
  const ended = (all: string, before: string, name: string) => (/\.\w+$/.test(name) ? all : `${before}${name}.ts`);
  const imported = (all: string, list: string) => {
    const names = list.split(",").flatMap((name) => name.trim() || []);
    if (!names.every((name) => NAME.test(name))) return all;
    const isCalled = (name: string) => isValue(content, name.split(/\s+as\s+/).at(-1) ?? name);
    if (!names.some(isCalled)) return all;
    return `import { ${names.map((name) => (isCalled(name) ? name : `type ${name}`)).join(", ")} }`;
  };
  return { path, content: content.replaceAll(OWN, ended).replaceAll(OF_TYPES, imported) };
}

/** Called, made, or asked for what it has: `z.string()`, `f()`, `new A()`. */
function isValue(content: string, name: string): boolean {
  const own = name.replaceAll("$", "\\$");
  return new RegExp(`(?<![\\w$.])${own}\\s*[.(]|\\bnew\\s+${own}\\b`).test(content);
}

/** A file of functions that exports nothing is of use to nobody: it was forgotten. */
export function withExports({ path, content }: SourceFile): SourceFile {
  const isForgotten = path.endsWith(".ts") && !/^\s*export\b/m.test(content);
  return { path, content: isForgotten ? content.replaceAll(/^(async )?function\b/gm, "export $&") : content };
}

/**
 * Tests with the lines that import what they call and do not have, where there is one such thing.
 * @param importable names and the line that imports each
 */
export function withTestImports({ path, content }: SourceFile, importable: ReadonlyMap<string, string>): SourceFile {
  const missing = [...importable].flatMap(([name, line]) =>
    isValue(content, name) && !isBound(content, name) ? line : [],
  );
  return { path, content: [...missing, content].join("\n") };
}

/** Imported or declared there. */
function isBound(content: string, name: string): boolean {
  const own = name.replaceAll("$", "\\$");
  return new RegExp(
    `^\\s*(import|from)\\b[^;"']*\\b${own}\\b|\\b(const|let|var|function|class|def)\\s+${own}\\b|\\bimport\\s+\\*`,
    "m",
  ).test(content);
}
