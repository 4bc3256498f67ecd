import { spawn } from "node:child_process";
import { ownAddresses, readConfig } from "../shared/config.js";
import { exitCode } from "../shared/process.js";
import { progress } from "./cell.js";
import { startServices as startServicesOf, type ShowStarts } from "../stack/start.js";
import { openStack, type Stack } from "../stack/stack.js";
import { hdfsStore, type HdfsLocation, type HdfsOptions } from "../store/hdfs.js";
import type { Store } from "../store/store.js";

// Starts the real systems from a notebook cell, with progress, and returns their addresses. The working directory must be
// the project's root, as in the lab's kernel.

export interface Services {
  /** `host:port` of Kafka's brokers. */
  brokers: string[];
  /** A folder on HDFS, such as `/chapter-4`. */
  hdfsAt(path: string, options?: HdfsOptions): Store;
  hdfs: Omit<HdfsLocation, "path">;
  /** Spark's Connect server, for `connectSpark`. */
  sparkRemote: string;
  /** The schema registry, for `openRegistry`. */
  registry: string;
  /** Spark's web UI; its REST API is below `/api/v1`. */
  sparkUi: string;
  stack: Stack;
}

/**
 * Starts services of the lab's own stack and their dependencies, unless they are already running.
 *
 * @throws LabError if one is not installed (with the command that installs it) or cannot start (with the end of its log)
 */
export async function startServices(
  ...names: ("kafka" | "hdfs" | "spark" | "registry")[]
): Promise<Services> {
  const { stack: config } = readConfig();
  const stack = openStack(process.cwd(), config);
  const wanted = stack.select(names);
  await startServicesOf(stack, wanted, showStartsInCell);
  const addresses = ownAddresses(config);
  return {
    ...addresses,
    hdfsAt: (path, options) => hdfsStore({ ...addresses.hdfs, path }, true, options),
    stack,
  };
}

/** Runs the starts of services in parallel and shows a progress bar in the cell. */
export const showStartsInCell: ShowStarts = (starts) =>
  progress(`starting ${starts.map(({ name }) => name).join(", ")}`, async (report) => {
    let answering = 0;
    report(0);
    await Promise.all(
      starts.map(async ({ name, run }) => {
        await run();
        report(++answering / starts.length, `${name} answers`);
      }),
    );
  });

/** A script of the lab that runs in its own process. */
export interface Program {
  kill(): void;
  /** Its exit code; null if it was killed. */
  ended: Promise<number | null>;
}

/** Starts a script such as `scripts/run-pipeline.ts` without showing its output. */
export function startScript(script: string, ...args: string[]): Program {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: "ignore" });
  return { kill: () => void child.kill("SIGKILL"), ended: exitCode(child) };
}
