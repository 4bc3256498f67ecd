import { spawn } from "node:child_process";
import { ownAddresses, readConfig } from "../shared/config.js";
import { exitCode } from "../shared/process.js";
import { progress } from "./cell.js";
import { startServices as startServicesOf } from "../stack/start.js";
import { openStack, type Stack } from "../stack/stack.js";
import { hdfsStore, type HdfsLocation, type HdfsOptions } from "../store/hdfs.js";
import type { Store } from "../store/store.js";

// The real systems, for cells: started with progress, and where to reach them. Run from the project's root, as the
// lab's kernel is.

/** Where the systems that a chapter uses are. */
export interface Services {
  /** `host:port` of Kafka's brokers. */
  brokers: string[];
  /** A folder on HDFS, such as `/chapter-4`. */
  hdfsAt(path: string, options?: HdfsOptions): Store;
  /** The NameNode. */
  hdfs: Omit<HdfsLocation, "path">;
  /** Spark's Connect server, for `connectSpark`. */
  sparkRemote: string;
  stack: Stack;
}

/**
 * Starts systems of the lab's own stack with what they need, where they do not run yet.
 *
 * @throws LabError if one is not installed, saying how to install it, or cannot start, with its own last words
 */
export async function startServices(...names: ("kafka" | "hdfs" | "spark")[]): Promise<Services> {
  const { stack: config } = readConfig();
  const stack = openStack(process.cwd(), config);
  const wanted = stack.select(names);
  await startServicesOf(stack, wanted, (starts) =>
    progress(`starting ${wanted.join(", ")}`, async (report) => {
      let answering = 0;
      report(0);
      await Promise.all(
        starts.map(async ({ name, run }) => {
          await run();
          report(++answering / starts.length, `${name} answers`);
        }),
      );
    }),
  );
  const addresses = ownAddresses(config);
  return {
    ...addresses,
    hdfsAt: (path, options) => hdfsStore({ ...addresses.hdfs, path }, true, options),
    stack,
  };
}

/** A script of the lab that runs as a program of its own. */
export interface Program {
  kill(): void;
  /** Its exit code; null if it was killed. */
  ended: Promise<number | null>;
}

/** Starts a script such as `scripts/run-pipeline.ts`, silent. */
export function startScript(script: string, ...args: string[]): Program {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: "ignore" });
  return { kill: () => void child.kill("SIGKILL"), ended: exitCode(child) };
}
