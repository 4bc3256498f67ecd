import { Listr, ListrLogger, ProcessOutput } from "listr2";
import { createTopic } from "../log/kafka/topics.js";
import type { ServiceName } from "./service.js";
import type { Stack } from "./stack.js";

const LAB_PARTITIONS = 3;

/**
 * Starts services, all at once, and waits until each answers; those that run already are left alone.
 * Shows progress on stderr: a line a service, moving on a terminal.
 *
 * @param topic made where it is missing, if Kafka is among the services
 * @throws LabError of the first service that fails
 */
export async function upStack(
  stack: Stack,
  names: readonly ServiceName[],
  topic: string,
): Promise<void> {
  await stack.prepare(names);
  const began = performance.now();
  const took = () => `${((performance.now() - began) / 1_000).toFixed(1)} s`;
  const tasks = names.map((name) => ({
    title: name,
    task: async (_: unknown, task: { title: string; output: string }) => {
      await stack.start(name, (notice) => (task.output = notice));
      if (name === "kafka") await createTopic(stack.addresses.brokers, topic, LAB_PARTITIONS);
      task.title = `${name} answers (${took()})`;
    },
  }));
  const logger = new ListrLogger({
    processOutput: new ProcessOutput(process.stderr, process.stderr),
  });
  await new Listr(tasks, {
    concurrent: true,
    renderer: process.stderr.isTTY ? "default" : "simple",
    rendererOptions: { logger, collapseErrors: true, showErrorMessage: false },
  }).run();
}
