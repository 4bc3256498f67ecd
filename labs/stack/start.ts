import { TOPIC } from "../log/log.js";
import type { Notify } from "../shared/notify.js";
import { runTasks, type Task } from "../shared/tasks.js";
import type { ServiceName } from "./service.js";
import type { Stack } from "./stack.js";

const LAB_PARTITIONS = 3;

/** The start of one service. */
export interface ServiceStart {
  name: ServiceName;
  /** Resolves when the service answers. */
  run(notify?: Notify): Promise<void>;
}

/** Runs all starts in parallel and shows their progress. */
export type ShowStarts = (starts: readonly ServiceStart[]) => Promise<void>;

/**
 * Starts services in parallel and waits until each answers. Services that already run are not restarted. If Kafka is among
 * them, creates the lab's topic if it is missing.
 *
 * @param show by default, shows one line per service on stderr
 * @throws LabError of the first service that fails
 */
export async function startServices(
  stack: Stack,
  names: readonly ServiceName[],
  show: ShowStarts = showOnTerminal,
): Promise<void> {
  await stack.prepare(names);
  await show(
    names.map((name) => ({
      name,
      async run(notify) {
        await stack.start(name, notify);
        if (name !== "kafka") return;
        if (stack.config.isSecure) {
          const { addUsers } = await import("./secure.js");
          return addUsers(stack.places, stack.config, LAB_PARTITIONS);
        }
        const { createTopic } = await import("../log/kafka/topics.js");
        await createTopic(stack.addresses, TOPIC, LAB_PARTITIONS);
      },
    })),
  );
  await stack.archiveClasses();
}

async function showOnTerminal(starts: readonly ServiceStart[]): Promise<void> {
  const startedMs = performance.now();
  const took = () => `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  const tasks = starts.map(({ name, run }): Task => ({
    title: name,
    async task(_, line) {
      await run((notice) => (line.output = notice));
      line.title = `${name} answers (${took()})`;
    },
  }));
  await runTasks(tasks, { concurrent: true });
}
