import type { SourceFile } from "@leanvibe/schema";
import { manifest } from "./deployment.ts";
import type { Kind } from "./language.ts";
import { BAKED_PACKAGES } from "./packages.ts";

const DOCKERFILE = `FROM python:3.13-slim
WORKDIR /app
COPY deploy/requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY *.py ./
USER 1000
ENV PORT=8080
EXPOSE 8080
CMD ["python3", "start.py"]
`;

const SERVED_WITH = new Set(["fastapi", "pydantic", "uvicorn"]);

/** An image and what runs it: versions as they were tested with. Nothing for what is no service. */
export function pythonDeployment(kind: Kind): SourceFile[] {
  if (kind !== "service") return [];
  const lines = BAKED_PACKAGES.python.flatMap(({ name, version }) =>
    SERVED_WITH.has(name) ? [`${name}==${version}`] : [],
  );
  return [
    { path: "Dockerfile", content: DOCKERFILE },
    { path: "deploy/requirements.txt", content: `${lines.join("\n")}\n` },
    { path: "deploy/kubernetes.yaml", content: manifest({ name: "service", port: 8080 }) },
  ];
}
