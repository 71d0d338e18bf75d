import type { Language } from "./language.ts";
import type { LanguageName } from "./packages.ts";
import { python } from "./python.ts";
import { typescript } from "./typescript.ts";

/** The languages an agent writes. */
export const LANGUAGES: Readonly<Record<LanguageName, Language>> = { typescript, python };
