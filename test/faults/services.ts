import { join } from "node:path";
import { isRunning, readRecord } from "../../labs/stack/process.js";
import { SERVICE_NAMES } from "../../labs/stack/service.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { ENVIRONMENT, hdfs, stack } from "../stack/environment.js";
import setup from "../stack/setup.js";
import type { Services } from "./play.js";

/** Starts the tests' own Kafka, HDFS and Spark, to be disturbed. `down` ends them and removes their data. */
export async function startServices(): Promise<{ services: Services; down: () => Promise<void> }> {
  const down = await setup();
  return {
    down,
    services: {
      environment: ENVIRONMENT,
      store: (path) => hdfsStore({ ...hdfs, path }, true),
      signal: async (name, signal) => {
        // By its record, and not by `stack.status()`: a service that is paused does not answer.
        const record = await readRecord(join(stack.places.run, `${name}.json`));
        if (record === undefined || !(await isRunning(record))) return false;
        process.kill(record.pid, signal);
        return true;
      },
      restore: async () => {
        for (const name of SERVICE_NAMES) await stack.start(name);
      },
    },
  };
}
