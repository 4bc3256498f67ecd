import { ownAddresses, type Config } from "../shared/config.js";
import type { Options } from "./options.js";
import type { Output } from "./output.js";

/** Starts the lab's own services that a run needs, except those replaced by an address in the environment. */
export async function startStack(
  options: Options,
  config: Config,
  output: Output,
  root: string,
): Promise<void> {
  const names = [
    ...(options.log === "kafka" && config.kafka === undefined ? ["kafka"] : []),
    ...(output.isLocalStack ? ["hdfs"] : []),
    ...(options.engine === "spark" && config.sparkRemote === undefined ? ["spark"] : []),
    ...(options.format !== "json" && config.schemaRegistryUrl === undefined ? ["registry"] : []),
  ];
  if (names.length === 0) return;
  const { openStack } = await import("../stack/stack.js");
  const { startServices } = await import("../stack/start.js");
  const stack = openStack(root, config.stack);
  await startServices(stack, stack.select(names));
}

export const sparkRemoteOf = ({ sparkRemote, stack }: Config): string =>
  sparkRemote ?? ownAddresses(stack).sparkRemote;
