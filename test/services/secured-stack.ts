import { resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { PORT_NAMES, type StackConfig } from "../../labs/shared/config.js";
import { openStack, type Stack } from "../../labs/stack/stack.js";
import { startServices } from "../../labs/stack/start.js";
import { PORTS_FROM } from "./environment.js";

/** Starts services of a second stack, a secured one, for the tests of a file. */
export function startSecured(services: readonly string[]): Stack {
  const ports = PORT_NAMES.map((name, index) => [name, PORTS_FROM + PORT_NAMES.length + index]);
  const secured = openStack(resolve("."), {
    folder: resolve(".lab/test-secure"),
    ports: Object.fromEntries(ports) as StackConfig["ports"],
    network: "loopback",
    isSecure: true,
  });
  const names = secured.select(services);
  async function down(): Promise<void> {
    for (const name of [...names].reverse()) await secured.stop(name);
    await secured.reset(names);
  }
  beforeAll(async () => {
    await down(); // removes what an interrupted run left
    await startServices(secured, names, async (starts) => {
      await Promise.all(starts.map(({ run }) => run()));
    });
  }, 90_000);
  afterAll(down, 60_000);
  return secured;
}
