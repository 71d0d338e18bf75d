import type { SourceFile } from "@leanvibe/schema";
import { manifest } from "./deployment.ts";
import type { Kind } from "./language.ts";
import { BAKED_PACKAGES } from "./packages.ts";

const DOCKERFILE = `FROM node:24-slim
WORKDIR /app
COPY deploy/package.json ./
RUN npm install --omit=dev --no-audit --no-fund
COPY src ./src
COPY start.ts ./
USER 1000
ENV PORT=8080
EXPOSE 8080
CMD ["node", "start.ts"]
`;

/** An image and what runs it: versions as they were tested with. Nothing for what is no service. */
export function typescriptDeployment(kind: Kind): SourceFile[] {
  if (kind !== "service") return [];
  const runtime = BAKED_PACKAGES.typescript.filter(({ purpose }) => purpose !== undefined);
  const dependencies = Object.fromEntries(runtime.map(({ name, version }) => [name, version]));
  const settings = { type: "module", private: true, dependencies };
  return [
    { path: "Dockerfile", content: DOCKERFILE },
    { path: "deploy/package.json", content: `${JSON.stringify(settings, null, 2)}\n` },
    { path: "deploy/kubernetes.yaml", content: manifest({ name: "service", port: 8080 }) },
  ];
}
