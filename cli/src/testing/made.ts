/** What an agent leaves behind of a task that made one file. */
export const artifactOf = (file: { path: string; content: string }) => ({
  version: 1,
  files: [file],
  tests: [],
  documentation: [],
  steps: [],
  checkpoint: { iterations: 0, data: null },
  linesOfCode: 1,
  complexity: 1,
  truncated: [],
});
