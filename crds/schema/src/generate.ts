import { stringify } from "yaml";
import type { z } from "zod";
import { AGENT_TASK } from "./agent-task.ts";
import { customResourceDefinition } from "./crd.ts";
import type { KindDefinition } from "./kind.ts";
import { GROUP } from "./names.ts";
import { admissionPolicies } from "./policies.ts";
import { reference } from "./reference.ts";
import { TENANT } from "./tenant.ts";

const HEADER = "# Generated from crds/schema by `npm run generate`; edit it there.\n";

/** Every kind we serve. */
const KINDS: readonly KindDefinition<z.ZodType, z.ZodType>[] = [TENANT, AGENT_TASK];

/** What this package generates: path from the repository's root to text. */
export function generate(): Map<string, string> {
  return new Map([
    ...KINDS.map((kind): [string, string] => [
      `crds/${kind.plural}.${GROUP}.yaml`,
      yamlDocuments([customResourceDefinition(kind)]),
    ]),
    ["crds/policies.yaml", yamlDocuments(admissionPolicies())],
    ["docs/REFERENCE.md", reference(KINDS)],
  ]);
}

/**
 * Objects as one YAML stream, below a comment that says whence they come. YAML 1.1, because that is what Kubernetes
 * reads: to it a bare `y` or `on` is a boolean.
 */
export function yamlDocuments(objects: readonly object[], header = HEADER): string {
  const documents = objects.map((object) =>
    stringify(object, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return header + documents.map((text) => `---\n${text}`).join("");
}
