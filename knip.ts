import type { KnipConfig } from "knip";

/** The code of a notebook: its cells use labs/, too. */
function codeOf(notebook: string): string {
  const { cells } = JSON.parse(notebook) as { cells: { cell_type: string; source: string[] }[] };
  return cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => source.join(""))
    .join("\n");
}

const config: KnipConfig = {
  entry: [
    "scripts/*.ts",
    "labs/course/checker/worker.ts",
    "labs/course/checker/cell.ts",
    "labs/exercises/[0-9]*.ts",
    "labs/exercises/capstone/*.ts",
    "solutions/*.ts",
    "solutions/capstone/{producer,query}.ts",
    "notebooks/*.ipynb",
    "test/**/*.test.ts",
    "test/bench/consumer.ts",
    "test/container/rows.ts",
    "test/exercises/*/{checks,mutants}.ts",
    "test/exercises/process-main.ts",
    "setup/**/*.{cjs,ts}",
    "labs/view/dashboard/page/*.js",
    "labs/store/parquet-worker.mjs",
  ],
  project: ["labs/**/*.{ts,js,mjs}", "notebooks/*.ipynb", "scripts/**/*.ts", "test/**/*.ts"],
  compilers: { ipynb: codeOf },
  ignoreExportsUsedInFile: { interface: true, type: true },
  // What the kernel starts, what danfojs asks for, and what the browser of a test loads.
  ignoreDependencies: ["tslab", "@tslab/typescript-for-tslab", "@tensorflow/tfjs-node", "axe-core"],
  ignoreUnresolved: ["setup/bin/.*"],
  ignoreBinaries: ["flock", "script", "mkfifo"],
};

export default config;
