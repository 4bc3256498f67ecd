import { join } from "node:path";
import { isRunning, readRecord } from "../../labs/stack/process.js";
import { SERVICE_NAMES } from "../../labs/stack/service.js";
import { startServices as startAll } from "../../labs/stack/start.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { ENVIRONMENT, hdfs, stack } from "../services/environment.js";
import type { Services } from "./stage.js";

/**
 * Starts the services of the tests' own stack from nothing, to be disturbed. `down` ends them and removes their data.
 *
 * @param engine starts no Spark for our own engine alone
 */
export async function startServices(
  engine: "ts" | "spark" | undefined,
): Promise<{ services: Services; down: () => Promise<void> }> {
  const names = SERVICE_NAMES.filter((name) => engine !== "ts" || name !== "spark");
  async function down(): Promise<void> {
    for (const name of [...SERVICE_NAMES].reverse()) await stack.stop(name);
    await stack.reset(SERVICE_NAMES);
  }
  await down(); // what an interrupted campaign left
  await startAll(stack, names).catch(async (error: unknown) => {
    await down();
    throw error;
  });
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
        for (const name of names) await stack.start(name);
      },
    },
  };
}
