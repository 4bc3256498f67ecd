import { spawn, type ChildProcess } from "node:child_process";
import type { Summary } from "../../labs/view/report/summary.js";

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts a script as a user does, without npx between, in this checkout or in another one. */
export function start(
  script: string,
  args: readonly string[],
  environment: Record<string, string> = {},
  cwd?: string,
): { child: ChildProcess; result: Promise<Result> } {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const result = new Promise<Result>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, result };
}

/** Runs the pipeline's command line to its end. */
export function runPipelineCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Result> {
  return start("scripts/run-pipeline.ts", args, environment).result;
}

/** The arguments of a run of 8,000 simulated events in 41 batches; the last batch has no data. */
export const market = (out: string, ...more: string[]) => [
  ...["--source", "market", "--events", "8000", "--batch", "200", "--out", out],
  ...more,
];

/** What `--json` prints. */
export const parseSummary = (stdout: string) => JSON.parse(stdout) as Summary;
