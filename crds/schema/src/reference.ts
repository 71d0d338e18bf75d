import type { z } from "zod";
import { rulesIn, schemaOf } from "./crd.ts";
import type { Column, KindDefinition } from "./kind.ts";
import { API_VERSION } from "./names.ts";
import { PLAN_NAMES, PLANS, type Plan } from "./plans.ts";
import type { StructuralSchema } from "./structural.ts";

type AnyKind = KindDefinition<z.ZodType, z.ZodType>;

/** docs/REFERENCE.md: every field of every kind, and the plans. */
export function reference(kinds: readonly AnyKind[]): string {
  return [
    "<!-- Generated from crds/schema by `npm run generate`; edit it there. -->",
    "# Reference",
    "",
    `Kinds of \`${API_VERSION}\`. The same text is in \`kubectl explain\`.`,
    ...kinds.flatMap(kindSection),
    ...planSection(),
    "",
  ].join("\n");
}

function kindSection(kind: AnyKind): string[] {
  const schema = schemaOf(kind);
  const { spec, status } = schema.properties ?? {};
  return [
    "",
    `## ${kind.kind}`,
    "",
    kind.description,
    "",
    `${kind.scope === "Cluster" ? "Cluster-scoped" : "Namespaced"}; \`kubectl get ${kind.plural}\`, short ${kind.shortNames.map((name) => `\`${name}\``).join(", ")}. Columns: ${columnsOf(kind.columns)}.`,
    ...fieldTable("Spec", "spec", spec),
    "",
    "### Rules",
    "",
    "What the API server refuses beyond types and bounds, in its own words.",
    "",
    ...table(
      ["Where", "Refused with"],
      rulesIn(schema).map(({ path, message }) => [code(path === "" ? kind.kind : path), message]),
    ),
    ...fieldTable("Status", "status", status),
    "",
    "### Conditions",
    "",
    ...table(
      ["Type", "When True"],
      Object.entries(kind.conditions).map(([type, meaning]) => [code(type), meaning]),
    ),
  ];
}

function fieldTable(title: string, path: string, schema: StructuralSchema | undefined): string[] {
  if (schema === undefined) return [];
  return [
    "",
    `### ${title}`,
    "",
    ...table(["Field", "Type", "Default", "Bounds", "Description"], fieldRows(path, schema)),
  ];
}

function fieldRows(path: string, schema: StructuralSchema): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const required = schema.required?.includes(name) ? " (required)" : "";
    const own = property.default === undefined ? "" : code(JSON.stringify(property.default));
    const field = `${path}.${name}`;
    const row = [
      `${code(field)}${required}`,
      typeText(property),
      own,
      boundText(property).join(", "),
      property.description ?? "",
    ];
    const inner = property.items ?? property.additionalProperties;
    return [row, ...fieldRows(field, property), ...(inner === undefined ? [] : fieldRows(`${field}[]`, inner))];
  });
}

function typeText(schema: StructuralSchema): string {
  if (schema["x-kubernetes-int-or-string"] === true) return "quantity";
  if (schema.enum !== undefined) return schema.enum.map(code).join(" or ");
  if (schema.items !== undefined) return `list of ${typeText(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map of ${typeText(schema.additionalProperties)}`;
  return schema.format === "date-time" ? "time" : (schema.type ?? "");
}

function boundText(schema: StructuralSchema): string[] {
  // A quantity's form says more than the length of its text.
  if (schema["x-kubernetes-int-or-string"] === true) return [];
  const keys = schema["x-kubernetes-list-map-keys"];
  return [
    range(schema.minLength, schema.maxLength, "characters"),
    range(schema.minimum, schema.maximum, ""),
    range(schema.minItems, schema.maxItems, "entries"),
    range(undefined, schema.maxProperties, "entries"),
    keys === undefined ? "" : `one per ${keys.join(" and ")}`,
    schema["x-kubernetes-list-type"] === "set" ? "no entry twice" : "",
    ...(schema.items === undefined || schema.items.type === "object"
      ? []
      : boundText(schema.items).map((text) => `each ${text}`)),
  ].filter((text) => text !== "");
}

/** Largest integers of a type: nobody chose them as a bound. */
const WIDTHS: readonly number[] = [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1];

function range(min: number | undefined, max: number | undefined, unit: string): string {
  const top = max !== undefined && WIDTHS.includes(max) ? undefined : max;
  if (top !== undefined) return `${min ?? 0}-${top} ${unit}`.trim();
  return min === undefined ? "" : `at least ${min} ${unit}`.trim();
}

function planSection(): string[] {
  return [
    "",
    "## Plans",
    "",
    "Prices in US dollars a month; a year costs ten months. CPU and memory bound requests and limits alike.",
    "",
    ...table(
      ["", ...PLAN_NAMES],
      Object.entries(PLAN_ROWS).map(([title, figure]) => [title, ...PLAN_NAMES.map((name) => figure(PLANS[name]))]),
    ),
  ];
}

const PLAN_ROWS: Readonly<Record<string, (plan: Plan) => string>> = {
  Namespaces: ({ ceilings }) => grouped(ceilings.namespaces),
  CPU: ({ ceilings }) => ceilings.cpu,
  Memory: ({ ceilings }) => ceilings.memory,
  Pods: ({ ceilings }) => grouped(ceilings.pods),
  "Volume storage": ({ ceilings }) => ceilings.storage,
  Projects: ({ projects }) => grouped(projects),
  Users: ({ users }) => grouped(users),
  "API calls a month": ({ apiCallsPerMonth }) => grouped(apiCallsPerMonth),
  "API storage, GB": ({ storageGB }) => grouped(storageGB),
  "AI requests a month": ({ aiRequestsPerMonth }) => grouped(aiRequestsPerMonth),
  "AI tokens a month": ({ aiTokensPerMonth }) => grouped(aiTokensPerMonth),
  "Concurrent AgentTasks": ({ concurrentAgentTasks }) => grouped(concurrentAgentTasks),
  "Concurrent TutorialEnvironments": ({ concurrentTutorialEnvironments }) => grouped(concurrentTutorialEnvironments),
  "Price with a Subscription": ({ price }) => dollars(price.monthlyCents),
  "Extra 1,000 API calls": ({ price }) => dollars(price.extra?.apiCalls1000Cents),
  "Extra 100 AI requests": ({ price }) => dollars(price.extra?.aiRequests100Cents),
  "Extra 1M AI tokens": ({ price }) => dollars(price.extra?.aiTokens1MCents),
  "Extra GB": ({ price }) => dollars(price.extra?.storageGBCents),
  "Extra user": ({ price }) => dollars(price.extra?.userCents),
  "Past what is included": ({ overage }) =>
    overage.mode === "Grace"
      ? `${overage.gracePercent} % free, then refused`
      : overage.mode === "Bill"
        ? "billed"
        : "refused",
};

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function dollars(cents: number | undefined): string {
  return cents === undefined ? "-" : `$${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}

function columnsOf(columns: readonly Column[]): string {
  const namesOf = (isWide: boolean) =>
    columns.filter(({ priority = 0 }) => priority > 0 === isWide).map(({ name }) => name);
  const wide = namesOf(true);
  return `${namesOf(false).join(", ")}${wide.length === 0 ? "" : `; with \`-o wide\` also ${wide.join(", ")}`}`;
}
