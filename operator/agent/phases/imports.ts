import type { SourceFile } from "@leanvibe/schema";
import type { Language } from "../languages/language.ts";

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
  return new RegExp(`(?<![\\w$.])${escaped(name)}\\s*[.(]|\\bnew\\s+${escaped(name)}\\b`).test(content);
}

/** A file of functions that exports nothing is of use to nobody: it was forgotten. */
export function withExports({ path, content }: SourceFile): SourceFile {
  const isForgotten = path.endsWith(".ts") && !/^\s*export\b/m.test(content);
  return { path, content: isForgotten ? content.replaceAll(/^(async )?function\b/gm, "export $&") : content };
}

/**
 * Tests of this code as they must be to be its tests, where there is one way to mean them: a copy of it that stands among
 * them is left out, and what they call and do not have is imported.
 */
export function asTestsOf({ language, code }: Tested, { path, content }: SourceFile): SourceFile {
  const alone = code.reduce((text, one) => text.replace(one.content.trim(), () => "").trimStart(), content);
  const missing = [...language.testImports(code)].flatMap(([name, line]) =>
    isValue(alone, name) && !isImported(alone, name) && !isDeclared(alone, name) ? line : [],
  );
  return { path, content: [...missing, alone].join("\n") };
}

/** Of tests that call what they declare themselves it says nothing that they pass. */
export function testsOfThemselves({ language, code }: Tested, { path, content }: SourceFile): string | undefined {
  const own = [...language.testImports(code)].find(([name]) => isDeclared(content, name));
  return own === undefined
    ? undefined
    : `${path} declares ${own[0]} itself, and is to test the one that is there: ${own[1]}`;
}

type Tested = { language: Language; code: readonly SourceFile[] };

function isImported(content: string, name: string): boolean {
  // Those of TypeScript end with what is in quotes, and Python's with their line.
  const list = /^(from|import) [\w.]+( import .*)?$/m.test(content) ? "[^\\n]*" : "[^;\"']*";
  return new RegExp(`^\\s*(import|from)\\b${list}(?<![\\w$])${escaped(name)}(?![\\w$])`, "m").test(content);
}

/** As a function or a class on the outermost level: a value of that name may stand in a test. */
function isDeclared(content: string, name: string): boolean {
  const declared = `^(export )?(async )?(function|class|def|const|let)\\s+${escaped(name)}(?![\\w$])`;
  return new RegExp(declared, "m").test(content);
}

const escaped = (name: string): string => name.replaceAll("$", "\\$");
