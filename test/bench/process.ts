import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

const POLL_MS = 50;

export interface Measured {
  wallMs: number;
  /** Peak resident memory. */
  peakMb: number;
}

/** Runs a TypeScript program in a process of its own, and measures that. Its standard output is dropped. */
export async function runProcess(
  root: string,
  script: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<Measured> {
  const beganMs = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, "--import", "tsx", script, ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  let peakKb = 0;
  const timer = setInterval(() => {
    readFile(`/proc/${child.pid}/status`, "utf8").then(
      (status) => (peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))),
      () => {}, // it has just ended
    );
  }, POLL_MS);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${script} ended with exit code ${String(code)}`);
  return { wallMs: performance.now() - beganMs, peakMb: peakKb / 1_024 };
}
