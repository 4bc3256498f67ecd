import { resolve } from "node:path";
import { PORT_NAMES, ownAddresses, portVariable, readConfig } from "../../labs/shared/config.js";
import type { ServiceName } from "../../labs/stack/service.js";
import { openStack } from "../../labs/stack/stack.js";

/**
 * The tests use a separate stack, with other ports and another folder than the stack of the user. Set LAB_TEST_PORTS to run the
 * tests of two checkouts at the same time.
 */
export const PORTS_FROM = Number(process.env["LAB_TEST_PORTS"] ?? 21_000);

export const ENVIRONMENT: Record<string, string> = {
  LAB_STACK_DIR: resolve(".lab/test-stack"),
  ...Object.fromEntries(
    PORT_NAMES.map((name, index) => [portVariable(name), String(PORTS_FROM + index)]),
  ),
};

export const config = readConfig(ENVIRONMENT);
export const stack = openStack(resolve("."), config.stack);
export const { ports } = config.stack;
export const { brokers, hdfs, sparkRemote: remote } = ownAddresses(config.stack);

/** Kills a service as the kernel would, if it runs. */
export async function killService(name: ServiceName): Promise<void> {
  const found = (await stack.status()).find((each) => each.name === name);
  if (found?.pid != null) process.kill(found.pid, "SIGKILL");
}

let count = 0;
/** A name that no other test uses: topics and folders outlive a test. */
export const uniqueName = (what: string): string =>
  `${what}-${process.pid}-${Date.now().toString(36)}-${count++}`;
