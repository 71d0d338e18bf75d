import { expect, test } from "vitest";
import { LANGUAGES } from "../languages/index.ts";
import { examplesOf, isNamed, readmeOf, without } from "./readme.ts";

const README = `# Title

\`\`\`sh
npm start
\`\`\`

\`\`\`ts
import { a } from "./src/a.ts";
\`\`\`

\`\`\`http
POST /things?x=1 HTTP/1.1
Authorization: Bearer t

{"a": 1}
\`\`\`
`;

test("a README is taken out of the fence that the model put around it", () => {
  expect(readmeOf(`\`\`\`markdown\n${README}\`\`\``)).toBe(README);
  expect(readmeOf(README)).toBe(README);
});

test("what can be run in it is its code and its requests; not what is for a shell", () => {
  expect(examplesOf(README, LANGUAGES.typescript)).toMatchObject([
    { file: { path: "readme_example_2.ts", content: 'import { a } from "./src/a.ts";\n' } },
    {
      call: {
        method: "POST",
        path: "/things?x=1",
        headers: { authorization: "Bearer t", "content-type": "application/json" },
        body: '{"a": 1}',
      },
    },
  ]);
  expect(examplesOf(README, LANGUAGES.python)).toHaveLength(1);
});

test("an example that fails is taken out, and nothing else", () => {
  const [first] = examplesOf(README, LANGUAGES.typescript);
  const left = without(README, first === undefined ? [] : [first]);
  expect(left).not.toContain("src/a.ts");
  expect(left).toContain("npm start");
  expect(left).toContain("POST /things");
  expect(without(README, [])).toBe(README);
});

test.each([
  ["`a` adds", "a", true],
  ["Adds and subtracts.", "a", false],
  ["```ts\nconst b = build(1);\n```", "build", true],
  ["The builder is rebuilt.", "build", false],
  ["GET http://localhost:8080/users", "/users", true],
  ["`GET /users/{id}`", "/users", false],
  ["`GET /users/{id}` and `/users?page=1`", "/users", true],
  ["`GET /users/` lists", "/users", true],
  ["`GET /users/{id}`", "/users/", false],
  ["`GET /api/users`", "/users", false],
  ["_slug_ makes a name", "slug", true],
  ["calls __init__ and _own", "_own", true],
  ["", "a", false],
])("%j names %s: %s", (readme, name, is) => expect(isNamed(readme, name)).toBe(is));
