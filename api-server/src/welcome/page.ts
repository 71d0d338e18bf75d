import { escaped } from "../http/html.ts";

/** What whoever opens a link is shown of it. */
export type Welcomed = { organization: string; subdomain: string; role: string; email: string | null };

/** What was typed, but for the password, and what is wrong with it by field; under "" what is wrong with all of it. */
export type Typed = { name: string; email: string; faults: ReadonlyMap<string, string> };

export const NOTHING_TYPED: Typed = { name: "", email: "", faults: new Map() };

export const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; }
main { width: min(26rem, 100% - 2rem); padding: 2rem 0; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; border: 1px solid #767676; border-radius: .375rem; }
input[aria-invalid="true"] { border: 2px solid #c4281c; }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: #1d4ed8; border: 0; border-radius: .375rem; cursor: pointer; }
:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px; }
.hint { margin: .25rem 0 0; font-size: .875rem; }
.fault { margin: .25rem 0 0; color: #c4281c; font-weight: 600; }
.alert { padding: .75rem 1rem; border-left: 4px solid #c4281c; background: #c4281c1a; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #767676; border-radius: .375rem; }
@media (prefers-color-scheme: dark) { .fault { color: #ff8a80; } input[aria-invalid="true"] { border-color: #ff8a80; } }
`;

/** The form by which somebody comes in. It works without a script, and a reader of screens is told what is wrong where. */
export function formPage(
  token: string,
  { organization, role, email }: Welcomed,
  { name, email: typed, faults }: Typed,
) {
  const all = faults.get("");
  const alert = all === undefined ? "" : `<p class="alert" role="alert">${escaped(all)}</p>`;
  const wrong = [...faults.keys()].some((field) => field !== "");
  const summary = wrong ? '<p class="alert" role="alert">Something below needs another look.</p>' : "";
  const who =
    email === null
      ? fieldOf("email", "E-mail address", { type: "email", autocomplete: "email", value: typed }, faults)
      : `<p>You will sign in as <strong>${escaped(email)}</strong>.</p>`;
  return page(
    `Welcome to ${organization}`,
    `<p>Set a password, and you are in as ${escaped(role)}.</p>${alert}${summary}
<form method="post" action="/welcome">
<input type="hidden" name="token" value="${escaped(token)}">
${who}
${fieldOf("name", "Your name (optional)", { type: "text", autocomplete: "name", value: name }, faults)}
${fieldOf("password", "Password", { type: "password", autocomplete: "new-password", value: "" }, faults, "At least 12 characters; a few words make a good one.")}
<button type="submit">Set password</button>
</form>`,
  );
}

type Input = { type: string; autocomplete: string; value: string };

function fieldOf(
  name: string,
  label: string,
  { type, autocomplete, value }: Input,
  ...[faults, hint]: [faults: ReadonlyMap<string, string>, hint?: string]
): string {
  const fault = faults.get(name);
  const told = [...(hint === undefined ? [] : [`${name}-hint`]), ...(fault === undefined ? [] : [`${name}-fault`])];
  const attributes = [
    `id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}"`,
    ...(value === "" ? [] : [`value="${escaped(value)}"`]),
    ...(name === "name" ? [] : ["required"]),
    ...(told.length === 0 ? [] : [`aria-describedby="${told.join(" ")}"`]),
    ...(fault === undefined ? [] : ['aria-invalid="true"']),
  ];
  return `<label for="${name}">${label}</label><input ${attributes.join(" ")}>
${hint === undefined ? "" : `<p class="hint" id="${name}-hint">${hint}</p>`}
${fault === undefined ? "" : `<p class="fault" id="${name}-fault">${label.replace(" (optional)", "")} ${escaped(fault)}.</p>`}`;
}

/** What to do next, with what to type for it. */
export function donePage({ organization, subdomain, email }: Welcomed & { email: string }, publicUrl: string): string {
  const body = JSON.stringify({ email, tenant: subdomain, password: "..." }, undefined, 1).replaceAll("'", "\\u0027");
  return page(
    `You are in: ${organization}`,
    `<p>Your password is set. You sign in as <strong>${escaped(email)}</strong>; this link is of no more use.</p>
<h2>What to do next</h2>
<p>Sign in, and use the <code>access_token</code> of the answer:</p>
<pre><code>curl ${escaped(publicUrl)}/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '${escaped(body)}'</code></pre>
<p><a href="/docs">Everything the API can do</a></p>`,
  );
}

/** Where there is nothing to fill in. */
export function refusedPage(title: string, detail: string, fix: string): string {
  return page(title, `<p class="alert" role="alert">${escaped(detail)}</p><p>${escaped(fix)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer"><title>${escaped(title)}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/welcome/style.css"></head>
<body><main><h1>${escaped(title)}</h1>
${body}
</main></body></html>
`;
}
